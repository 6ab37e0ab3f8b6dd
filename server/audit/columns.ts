/** Columns of texts in PostgreSQL's binary array format: a third of the work of spelling them as array literals with escapes. */

const textOid = 25;
const headerBytes = 20;

export function textColumn<Row>(rows: readonly Row[], pick: (row: Row) => string | null): Buffer {
  // Three bytes of UTF-8 for each UTF-16 unit is the most there can be.
  let longest = headerBytes;
  for (const row of rows) longest += 4 + (pick(row)?.length ?? 0) * 3;
  const column = Buffer.allocUnsafe(longest);
  column.writeInt32BE(1, 0);
  column.writeInt32BE(1, 4);
  column.writeInt32BE(textOid, 8);
  column.writeInt32BE(rows.length, 12);
  column.writeInt32BE(1, 16);
  let at = headerBytes;
  for (const row of rows) {
    const value = pick(row);
    if (value === null) {
      at = column.writeInt32BE(-1, at);
      continue;
    }
    const bytes = column.write(value, at + 4);
    column.writeInt32BE(bytes, at);
    at += 4 + bytes;
  }
  return column.subarray(0, at);
}

/** Text as PostgreSQL can keep it: it has no NUL and no half of a surrogate pair. Cut when it is longer than it may be. */
export function storable(text: string, lengthMax: number): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
  const whole = cut.isWellFormed() ? cut : cut.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '�') : whole;
}
