/** Checks requests against the schemas that also type and document them. */
import { strict } from '../../operations/index.ts';
import type { FastifySchemaCompiler } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import type { TSchema } from 'typebox';
import type { App } from './app.ts';
import { malformed, ProblemError } from './problem.ts';

type Part = 'body' | 'params' | 'querystring' | 'headers';
/** A schema as it appears in the document: the parts used by the messages below. */
type Described = {
  readonly type?: string;
  readonly description?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Described>>;
};

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  // Schemas document headers, and routes read the ones they know: unknown headers are allowed.
  if (httpPart === 'headers') return () => true;
  const validator = Compile(schema);
  const prepare = httpPart === 'querystring' ? valuesFromText(schema) : undefined;
  const part = partNames[(httpPart ?? 'body') as Part];
  return (given: unknown) => {
    const value = prepare ? prepare(given) : given;
    if (validator.Check(value)) return { value };
    return { error: new ProblemError(malformed(sentenceOf(validator.Errors(value), schema, part))) };
  };
};

/** How far a text may exceed its documented length and still get the answer of the context that checks it. */
const lenience = 8;

/**
 * For a body whose texts a context checks under its own codes: their documented lengths bound only what is passed on. The validator counts
 * what a reader sees as one character, a context may count otherwise.
 */
export const compileLenientValidator: FastifySchemaCompiler<TSchema> = (route) => {
  const { properties = {} } = route.schema as Described;
  const lenient = Object.entries(properties).map(([name, { minLength: _min, maxLength, ...schema }]) => [
    name,
    { ...schema, ...(maxLength !== undefined && { maxLength: maxLength * lenience }) },
  ]);
  return compileValidator({ ...route, schema: { ...route.schema, properties: Object.fromEntries(lenient) as Record<string, Described> } });
};

/** Describes what is wrong with a part of a request, under that part's name; null if nothing. */
export function checkerOf(schema: TSchema): (value: unknown, name: string) => string | null {
  const validator = Compile(schema);
  return (value, name) => (validator.Check(value) ? null : sentenceOf(validator.Errors(value), schema, name));
}

/** A route without a query schema takes no parameters: they are refused rather than ignored. */
export function refuseUndescribedQueries(app: App): void {
  app.addHook('onRoute', (route) => {
    route.schema = { querystring: noQuery, ...route.schema };
  });
}

const noQuery = Type.Object({}, strict);

/** Query values are text; one that the schema calls an integer or a boolean is converted if it looks like one. */
function valuesFromText(schema: Described): ((query: unknown) => unknown) | undefined {
  const typed = Object.entries(schema.properties ?? {}).filter(([, { type }]) => type === 'integer' || type === 'boolean');
  if (typed.length === 0) return undefined;
  return (query) => {
    const values: Record<string, unknown> = { ...(query as Record<string, unknown>) };
    for (const [name, { type }] of typed) {
      const text = values[name];
      if (typeof text !== 'string') continue;
      if (type === 'integer' && /^\d{1,9}$/.test(text)) values[name] = Number(text);
      if (type === 'boolean' && /^(true|false)$/.test(text)) values[name] = text === 'true';
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

/** One sentence about the first mismatch, in the words of the schema's descriptions. */
function sentenceOf(errors: readonly TLocalizedValidationError[], schema: Described, part: string): string {
  const unknownOnes = errors.find((error) => error.keyword === 'additionalProperties');
  const first = unknownOnes ?? errors[0];
  if (!first) return `${part} does not have the documented form: see /docs.`;
  const isQuery = part === partNames.querystring;
  const place = first.instancePath.split('/').slice(1);
  const name = place.map((step) => step.slice(0, 64)).join('.');
  switch (first.keyword) {
    case 'additionalProperties': {
      const known = Object.keys(descendant(schema, place)?.properties ?? {}).join(', ') || 'none';
      const found = first.params.additionalProperties.map((property) => `"${property.slice(0, 64)}"`).slice(0, 5);
      const [parameters, properties] = found.length === 1 ? ['parameter', 'an unknown property'] : ['parameters', 'unknown properties'];
      if (isQuery) return `Unknown query ${parameters} ${found.join(', ')}; this endpoint takes ${known}.`;
      return `${part} has ${properties} ${found.join(', ')}${name === '' ? '' : ` in "${name}"`}; it takes ${known}.`;
    }
    case 'required': {
      const missing = first.params.requiredProperties
        .map((property) => describe([...place, property].join('.'), descendant(schema, [...place, property])))
        .join('; ');
      return isQuery ? `Missing query parameter ${missing}.` : `${part} is missing ${missing}.`;
    }
    default: {
      if (name === '') return `${part} must be a JSON object.`;
      const described = describe(name, descendant(schema, place), first.message);
      return isQuery ? `Invalid query parameter ${described}.` : `${part} has an invalid ${described}.`;
    }
  }
}

function describe(name: string, schema: Described | undefined, otherwise = ''): string {
  const meaning = schema?.description ?? otherwise;
  return meaning === '' ? `"${name}"` : `"${name}" (${meaning})`;
}

function descendant(schema: Described, place: readonly string[]): Described | undefined {
  return place.reduce<Described | undefined>((inner, step) => inner?.properties?.[step], schema);
}
