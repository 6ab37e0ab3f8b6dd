/** Pages and problems: what the schemas of the routes share beside the words of the operations. */
import Type from 'typebox';
import type { TSchema } from 'typebox';
import { AssetBrief, AssetView, orNull, strict } from '../../operations/index.ts';
import { problemContentType } from './problem.ts';

export const limitMax = 500;

/** A page's query. Cursors are whatever an earlier page answered as `next`. */
export function pageQuery(cursorPattern: string) {
  return Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limitMax, default: 50, description: `how many at most: 1 to ${limitMax}` })),
      cursor: Type.Optional(Type.String({ pattern: cursorPattern, description: 'the `next` of an earlier page' })),
    },
    strict,
  );
}

export function page<T extends TSchema>(item: T) {
  return Type.Object(
    { items: Type.Array(item), next: orNull(Type.String({ description: 'cursor of the following page; null on the last' })) },
    { ...strict },
  );
}

const Problem = Type.Object(
  {
    type: Type.String({ examples: ['urn:coffer:problem:insufficient_funds'] }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'stable, for programs', examples: ['insufficient_funds'] }),
    detail: Type.String({ description: 'what to do about it' }),
    requestId: Type.Optional(Type.String({ description: 'the idempotency key' })),
    operationId: Type.Optional(Type.String({ description: 'where the refusal is on record' })),
  },
  {
    $id: 'Problem',
    additionalProperties: { type: 'string' },
    description: 'RFC 9457; further members are facts about this problem, as strings',
  },
);

/** Answers that are problems, by status: each is said once in the document, under its name. */
export const problemAnswers: Readonly<Record<number, { readonly name: string; readonly description: string }>> = {
  400: { name: 'BadRequest', description: 'The request is malformed' },
  401: { name: 'Unauthenticated', description: 'The request has no valid credential' },
  403: { name: 'Forbidden', description: 'The caller is not allowed to do this' },
  404: { name: 'NotFound', description: 'There is no such thing' },
  409: {
    name: 'Conflict',
    description: 'The idempotency key was used for something else, the version is stale, or the thing already exists',
  },
  413: { name: 'BodyTooLarge', description: 'The body is larger than 1 MiB' },
  415: { name: 'UnsupportedMediaType', description: 'The body is not JSON in UTF-8, or is compressed' },
  422: { name: 'Refused', description: 'A rule refused the operation' },
  429: { name: 'TooManyRequests', description: 'The caller has sent too many requests' },
  503: { name: 'Unavailable', description: 'Coffer is overloaded, or cannot reach its database' },
};

/** The answers of a route that are problems, by status. 400 and 503 can come from any. */
export function problems(...statuses: readonly number[]): Record<number, object> {
  return Object.fromEntries(
    [400, ...statuses, 503].map((status) => [
      status,
      { description: problemAnswers[status]?.description ?? '', content: { [problemContentType]: { schema: { $ref: 'Problem#' } } } },
    ]),
  );
}

export const sharedSchemas: TSchema[] = [Problem, AssetBrief, AssetView];
