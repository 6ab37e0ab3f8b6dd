/** A position in the event logs of all books: how far each has been read. */
export type Position = { readonly seq: number; readonly part: number };

/** `seq-part` of each book in order, joined by dots. A book without an entry is read from its beginning. */
export function parsePositions(cursor: string | undefined, books: number): Position[] {
  const given = cursor === undefined ? [] : cursor.split('.');
  return Array.from({ length: books }, (_, at) => {
    const [seq = 0, part = 0] = (given[at] ?? '0-0').split('-').map(Number);
    return { seq, part };
  });
}

export function formatPositions(positions: readonly Position[]): string {
  return positions.map(({ seq, part }) => `${seq}-${part}`).join('.');
}
