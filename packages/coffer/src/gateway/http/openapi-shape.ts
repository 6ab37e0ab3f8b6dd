/** What the document adds to the routes' schemas: shared answers, headers, examples, and mutually exclusive fields. */
import { examples } from './openapi-examples.ts';
import { problemContentType } from './problem.ts';
import { problemAnswers } from './schemas.ts';

type Json = { [name: string]: unknown };
type Parameter = { readonly name: string; readonly in: string; description?: string; example?: unknown; schema?: Json };
type Answer = { readonly description?: string; readonly content?: Json; headers?: Json };
type Operation = {
  readonly operationId?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { schema?: Json; example?: unknown }>> };
  readonly responses?: Record<string, Answer | { readonly $ref: string }>;
};

const text = { type: 'string' };
const headers = {
  'X-Request-Id': { description: 'identifies this request in the log and the audit', schema: text },
  'Retry-After': { description: 'seconds to wait before trying again', schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': { description: 'how to authenticate', schema: { type: 'string', enum: ['Bearer'] } },
  'Idempotency-Key': { description: 'the generated key, if the request had none', schema: text },
  'Idempotency-Replayed': {
    description: 'present when this is the answer to an earlier request with the same key',
    schema: { type: 'string', enum: ['true'] },
  },
  Location: { description: 'where to follow the request', schema: { type: 'string', format: 'uri-reference' } },
  ETag: { description: "the wallet's version in quotes, for If-Match", schema: { type: 'string', pattern: '^"[0-9]+"$' } },
};
type Header = keyof typeof headers;

/** Two fields of which a request may have at most one. */
const alternatives = [
  ['to', 'toWalletId'],
  ['sweepTo', 'sweepToWalletId'],
  ['id', 'ownerId'],
] as const;

/** Changes the document made by the framework in place, and returns it. */
export function shaped<T extends { components?: object; paths?: object }>(document: T): T {
  for (const methods of Object.values(document.paths ?? {}) as Record<string, Operation>[])
    for (const operation of Object.values(methods)) shapeOperation(operation);
  document.components = { ...document.components, responses: sharedAnswers(), headers };
  return document;
}

function sharedAnswers(): Json {
  return Object.fromEntries(
    Object.entries(problemAnswers).map(([status, { name, description }]) => {
      const also: Header[] = status === '401' ? ['WWW-Authenticate'] : ['429', '503'].includes(status) ? ['Retry-After'] : [];
      const content = { [problemContentType]: { schema: { $ref: '#/components/schemas/Problem' } } };
      return [name, { description, headers: references(['X-Request-Id', ...also]), content }];
    }),
  );
}

function shapeOperation(operation: Operation): void {
  const { operationId = '', parameters = [], requestBody, responses = {} } = operation;
  const example = examples[operationId];
  const isKeyed = parameters.some(({ name }) => name.toLowerCase() === 'idempotency-key');
  for (const [status, answer] of Object.entries(responses)) {
    if ('$ref' in answer) continue;
    const shared = problemAnswers[Number(status)];
    if (shared && answer.description === shared.description) responses[status] = { $ref: `#/components/responses/${shared.name}` };
    else answer.headers = references(['X-Request-Id', ...headersOf(operationId, status, isKeyed)]);
  }
  for (const parameter of parameters) {
    const given = example?.parameters?.[parameter.name];
    // A prefilled key or version would be the same in every request that the page sends.
    if (parameter.in === 'header') {
      delete parameter.example;
      delete parameter.schema?.['examples'];
    } else if (given !== undefined) parameter.example = given;
  }
  describeAlternatives(parameters);
  for (const content of Object.values(requestBody?.content ?? {})) {
    if (example?.body !== undefined) content.example = example.body;
    if (content.schema) content.schema = withAlternatives(content.schema);
  }
}

function headersOf(operationId: string, status: string, isKeyed: boolean): Header[] {
  if (operationId === 'getWallet') return ['ETag'];
  if (operationId === 'health' && status === '503') return ['Retry-After'];
  if (!isKeyed || status >= '300') return [];
  return ['Idempotency-Key', 'Idempotency-Replayed', ...(status === '202' ? (['Location'] as const) : [])];
}

function references(names: readonly Header[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** OpenAPI has no schema across several parameters, so their descriptions say it. */
function describeAlternatives(parameters: readonly Parameter[]): void {
  for (const pair of alternatives) {
    const both = parameters.filter(({ name }) => pair.some((one) => one === name));
    if (both.length < pair.length) continue;
    for (const parameter of both) parameter.description = `${parameter.description ?? ''}; send at most one of ${pair.join(' and ')}`;
  }
}

function withAlternatives(schema: Json): Json {
  const properties = (schema['properties'] ?? {}) as Json;
  const pair = alternatives.find((names) => names.every((name) => name in properties));
  if (!pair) return schema;
  const choices = pair.map((name) => ({ title: name, required: [name] }));
  const neither = { title: 'neither', not: { anyOf: pair.map((name) => ({ required: [name] })) } };
  return { ...schema, oneOf: [...choices, neither] };
}
