/** Lists that are ordered by a position of their items, which no two share: pages in both directions. */

/** A cursor is the position of the item that the page begins after; with `~`, in the opposite direction. */
export type Keyset = { readonly position: string | null; readonly isBackward: boolean };

export type KeysetPage<T> = { readonly items: readonly T[]; readonly next: string | null; readonly previous: string | null };

export function parseKeyset(cursor: string | undefined): Keyset {
  if (cursor === undefined) return { position: null, isBackward: false };
  return cursor.startsWith('~') ? { position: cursor.slice(1), isBackward: true } : { position: cursor, isBackward: false };
}

/** `rows`: in the direction of the page, up to one more than its limit. */
export function keysetPage<T>(rows: readonly T[], limit: number, keyset: Keyset, positionOf: (item: T) => string): KeysetPage<T> {
  const found = rows.slice(0, limit);
  const items = keyset.isBackward ? found.toReversed() : found;
  const [first, last] = [items[0], items.at(-1)];
  const hasMore = rows.length > limit;
  const isFirst = keyset.isBackward ? !hasMore : keyset.position === null;
  const isLast = keyset.isBackward ? false : !hasMore;
  return {
    items,
    next: last === undefined || isLast ? null : positionOf(last),
    previous: first === undefined || isFirst ? null : `~${positionOf(first)}`,
  };
}
