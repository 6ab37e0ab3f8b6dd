/** docs/openapi.json as the generators read it: the operations in order, each with its parameters and schemas. */
import fs from 'node:fs';
import path from 'node:path';

export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly format?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
};

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;

export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema: Schema;
};

type DescribedOperation = {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
};

export type ApiOperation = DescribedOperation & { readonly method: string; readonly path: string };

export type ApiDocument = {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly tags: readonly string[];
  readonly operations: readonly ApiOperation[];
};

export function readApiDocument(): ApiDocument {
  const file = path.resolve(import.meta.dirname, '../docs/openapi.json');
  const document = JSON.parse(fs.readFileSync(file, 'utf8')) as {
    paths: Record<string, Record<string, DescribedOperation>>;
    components: { schemas: Record<string, Schema> };
    tags: { name: string }[];
  };
  return {
    schemas: document.components.schemas,
    tags: document.tags.map(({ name }) => name),
    operations: Object.entries(document.paths)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
      )
      .filter((operation) => !isStream(operation)),
  };
}

/** An event stream does not end, so it is not a request with an answer that clients and collections can use. */
function isStream({ responses }: DescribedOperation): boolean {
  return Object.values(responses).some(({ content }) => content?.['text/event-stream'] !== undefined);
}

export function bodySchema(operation: ApiOperation): Schema | undefined {
  return operation.requestBody?.content['application/json']?.schema;
}

/** The answers to a success, by content type; several statuses may be successes. */
export function answerSchemas({ responses }: ApiOperation): (Schema | undefined)[] {
  return Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, response]) => response.content?.['application/json']?.schema);
}

export function parametersIn(operation: ApiOperation, place: Parameter['in']): Parameter[] {
  return (operation.parameters ?? []).filter((parameter) => parameter.in === place);
}
