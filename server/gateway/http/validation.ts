/** Checks requests against the schemas that also type and document them. */
import type { FastifySchemaCompiler } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import type { TSchema } from 'typebox';
import type { App } from './app.ts';
import { malformed, ProblemError } from './problem.ts';
import { strict } from './schemas.ts';

type Part = 'body' | 'params' | 'querystring' | 'headers';
/** A schema as it stands in a document: what the sentences below read of it. */
type Described = { readonly type?: string; readonly description?: string; readonly properties?: Readonly<Record<string, Described>> };

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  // Headers are documented by their schemas, and read by the routes that know them: unknown ones are everybody's business.
  if (httpPart === 'headers') return () => true;
  const validator = Compile(schema);
  const prepare = httpPart === 'querystring' ? numbersFromText(schema) : undefined;
  return (given: unknown) => {
    const value = prepare ? prepare(given) : given;
    if (validator.Check(value)) return { value };
    return { error: new ProblemError(malformed(sentenceOf(validator.Errors(value), schema, (httpPart ?? 'body') as Part))) };
  };
};

/** A route that describes no query takes none: what would be ignored is told instead. */
export function refuseUndescribedQueries(app: App): void {
  app.addHook('onRoute', (route) => {
    route.schema = { querystring: noQuery, ...route.schema };
  });
}

const noQuery = Type.Object({}, strict);

/** A query is text; what the schema calls an integer becomes one, when it looks like one. */
function numbersFromText(schema: Described): ((query: unknown) => unknown) | undefined {
  const integers = Object.entries(schema.properties ?? {}).flatMap(([name, { type }]) => (type === 'integer' ? [name] : []));
  if (integers.length === 0) return undefined;
  return (query) => {
    const values: Record<string, unknown> = { ...(query as Record<string, unknown>) };
    for (const name of integers) {
      const text = values[name];
      if (typeof text === 'string' && /^\d{1,9}$/.test(text)) values[name] = Number(text);
    }
    return values;
  };
}

const partNames: Readonly<Record<Part, string>> = {
  body: 'The body',
  params: 'The path',
  querystring: 'The query',
  headers: 'The headers',
};

/** One sentence about the first thing that does not fit, in words of the schema's own descriptions. */
function sentenceOf(errors: readonly TLocalizedValidationError[], schema: Described, part: Part): string {
  const unknownOnes = errors.find((error) => error.keyword === 'additionalProperties');
  const first = unknownOnes ?? errors[0];
  if (!first) return `${partNames[part]} does not fit the documented form: see /docs.`;
  const place = first.instancePath.split('/').slice(1);
  const name = place.map((step) => step.slice(0, 64)).join('.');
  switch (first.keyword) {
    case 'additionalProperties': {
      const known = Object.keys(descendant(schema, place)?.properties ?? {});
      const found = first.params.additionalProperties.map((property) => `"${property.slice(0, 64)}"`).slice(0, 5);
      return `${partNames[part]} has the unknown ${found.length === 1 ? 'property' : 'properties'} ${found.join(', ')}. Known here: ${known.join(', ') || 'none'}.`;
    }
    case 'required': {
      const missing = first.params.requiredProperties.map((property) =>
        describe([...place, property].join('.'), descendant(schema, [...place, property])),
      );
      return `${partNames[part]} lacks ${missing.join('; ')}.`;
    }
    default:
      if (name === '') return `${partNames[part]} must be a JSON object.`;
      return `${partNames[part]} has no valid ${describe(name, descendant(schema, place), first.message)}.`;
  }
}

function describe(name: string, schema: Described | undefined, otherwise = ''): string {
  const meaning = schema?.description ?? otherwise;
  return meaning === '' ? `"${name}"` : `"${name}" (${meaning})`;
}

function descendant(schema: Described, place: readonly string[]): Described | undefined {
  return place.reduce<Described | undefined>((inner, step) => inner?.properties?.[step], schema);
}
