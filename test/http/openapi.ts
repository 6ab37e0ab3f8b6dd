/** Reads the OpenAPI document as a client generator does: operations, parameters, and schemas of the answers. */
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';

export type Schema = { readonly [keyword: string]: unknown };
type Content = Record<string, { schema: Schema; example?: unknown }>;
type Answer = { $ref?: string; content?: Content };
export type Parameter = { name: string; in: 'path' | 'query' | 'header'; required?: boolean; example?: unknown; schema: Schema };
export type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { content: Content };
  readonly security?: readonly Record<string, unknown>[];
  readonly responses: Record<string, Answer>;
};
export type Document = {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, Schema>; responses: Record<string, Answer> };
};

export type Described = { readonly method: string; readonly path: string; readonly operation: Operation };

export function operationsOf(document: Document): Described[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** The reason why the document does not allow an answer; null if it does. */
export function misfit(document: Document, operation: Operation, status: number, contentType: string, body: unknown): string | null {
  const listed = operation.responses[String(status)];
  const described = listed?.$ref === undefined ? listed : document.components.responses[listed.$ref.split('/').at(-1) ?? ''];
  if (!described) return `status ${status} is not described`;
  const schema = described.content?.[contentType.split(';')[0] ?? '']?.schema;
  if (!schema) return `${contentType} is not described for status ${status}`;
  const validator = Compile(resolved(document, schema) as TSchema);
  return validator.Check(body) ? null : JSON.stringify(validator.Errors(body).slice(0, 3));
}

/** The schema with its references resolved; none of them is recursive. */
export function resolved(document: Document, schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((item) => resolved(document, item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const reference = (schema as { $ref?: string }).$ref;
  if (reference !== undefined) return resolved(document, document.components.schemas[reference.split('/').at(-1) ?? '']);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(document, value)]));
}
