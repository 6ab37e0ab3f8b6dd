/** Text as PostgreSQL can keep it: it has no NUL and no half of a surrogate pair. Cut when it is longer than it may be. */
export function storable(text: string, lengthMax: number): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
  const whole = cut.isWellFormed() ? cut : cut.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '�') : whole;
}
