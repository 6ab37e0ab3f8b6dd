/** Pages of what was found, with the position of the log that they reflect. */
import Type from 'typebox';
import type { TSchema } from 'typebox';
import { cursorPattern } from '../../find/index.ts';
import type { FoundPage } from '../../find/index.ts';
import { oneOf, orNull, strict } from '../../operations/index.ts';
import { limitMax } from './schemas.ts';

const Counted = Type.Object(
  { value: Type.Integer({ minimum: 0 }), exact: Type.Boolean({ description: 'false: extrapolated, because there are many' }) },
  { ...strict, description: 'how many there are, if count=estimate was asked for' },
);

const AsOf = Type.Object(
  {
    books: Type.Array(Type.Object({ book: Type.Integer({ minimum: 1 }), seq: Type.Integer({ minimum: 0 }) }, strict)),
    behind: Type.Integer({ minimum: 0, description: 'entries of the log that are not searched yet' }),
  },
  { ...strict, description: 'how much of the log was searched; absent where nothing can be behind' },
);

/** The query of a list with pages in both directions. */
export const foundQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: limitMax, default: 50, description: `maximum number of items: 1 to ${limitMax}` }),
  ),
  cursor: Type.Optional(Type.String({ pattern: cursorPattern, description: '`next` or `previous` of another page of the same list' })),
  order: Type.Optional(
    Type.Unsafe<'desc' | 'asc'>({ ...oneOf('desc', 'asc'), description: 'desc: newest first (the default); asc: oldest first' }),
  ),
  count: Type.Optional(Type.Unsafe<'estimate'>({ ...oneOf('estimate'), description: 'estimate: also answer how many there are' })),
} as const;

/** The same for a list whose cursors are positions. */
export function keysetQuery(position: string) {
  return {
    ...foundQuery,
    cursor: Type.Optional(Type.String({ pattern: `^~?${position}$`, description: '`next` or `previous` of another page' })),
  };
}

export function foundPage<T extends TSchema>(item: T) {
  return Type.Object(
    {
      items: Type.Array(item),
      next: orNull(Type.String({ description: 'cursor of the next page; null on the last' })),
      previous: orNull(Type.String({ description: 'cursor of the page before; null on the first' })),
      count: Type.Optional(Counted),
      asOf: Type.Optional(AsOf),
    },
    { ...strict },
  );
}

export function presentFound<T, View>({ items, next, previous, count, asOf }: FoundPage<T>, present: (items: readonly T[]) => View[]) {
  return {
    items: present(items),
    next,
    previous,
    ...(count && { count }),
    ...(asOf && { asOf: { books: asOf.books.map((one) => ({ ...one })), behind: asOf.behind } }),
  };
}
