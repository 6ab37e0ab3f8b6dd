/** Pages and problems: the parts of the schemas that all routes share. */
import Type from 'typebox';
import type { TSchema } from 'typebox';
import { AssetBrief, AssetView, orNull, strict } from '../../operations/index.ts';
import { problemContentType } from './problem.ts';

export const limitMax = 500;

/** The query of a page. A cursor is the `next` of the previous page. */
export function pageQuery(cursorPattern: string) {
  return Type.Object(
    {
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: limitMax, default: 50, description: `maximum number of items: 1 to ${limitMax}` }),
      ),
      cursor: Type.Optional(Type.String({ pattern: cursorPattern, description: 'the `next` of the previous page' })),
    },
    strict,
  );
}

export function page<T extends TSchema>(item: T) {
  return Type.Object(
    { items: Type.Array(item), next: orNull(Type.String({ description: 'cursor of the next page; null on the last page' })) },
    { ...strict },
  );
}

const Problem = Type.Object(
  {
    type: Type.String({ examples: ['urn:coffer:problem:insufficient_funds'] }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'stable code for programs', examples: ['insufficient_funds'] }),
    detail: Type.String({ description: 'what to do about it' }),
    requestId: Type.Optional(Type.String({ description: 'the idempotency key' })),
    operationId: Type.Optional(Type.String({ description: 'id under which the refusal is recorded' })),
  },
  {
    $id: 'Problem',
    additionalProperties: { type: 'string' },
    description: 'RFC 9457; further members are facts about this problem, as strings',
  },
);

/** Problem answers by status; the document defines each once, under its name. */
export const problemAnswers: Readonly<Record<number, { readonly name: string; readonly description: string }>> = {
  400: { name: 'BadRequest', description: 'The request is malformed' },
  401: { name: 'Unauthenticated', description: 'The request has no valid credential' },
  403: { name: 'Forbidden', description: 'The caller is not allowed to do this' },
  404: { name: 'NotFound', description: 'The resource does not exist' },
  409: {
    name: 'Conflict',
    description: 'The idempotency key was used for a different request, the version is stale, or the resource already exists',
  },
  413: { name: 'BodyTooLarge', description: 'The body is larger than 1 MiB, or than 32 KiB where no credentials are needed' },
  415: { name: 'UnsupportedMediaType', description: 'The body is not JSON in UTF-8, or is compressed' },
  422: { name: 'Refused', description: 'A rule refused the operation' },
  429: { name: 'TooManyRequests', description: 'The caller has sent too many requests' },
  503: { name: 'Unavailable', description: 'Coffer is overloaded, or cannot reach its database' },
};

/** The problem answers of a route, by status. Any route can answer 400 and 503. */
export function problems(...statuses: readonly number[]): Record<number, object> {
  return Object.fromEntries(
    [400, ...statuses, 503].map((status) => [
      status,
      { description: problemAnswers[status]?.description ?? '', content: { [problemContentType]: { schema: { $ref: 'Problem#' } } } },
    ]),
  );
}

export const sharedSchemas: TSchema[] = [Problem, AssetBrief, AssetView];
