/** A place in the event logs of all books: how far each has been read. Nothing else tells later what was not read yet. */
export type Position = { readonly seq: number; readonly part: number };

/** `seq-part` of each book in order, joined by dots. A book that is not named begins at its beginning. */
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
