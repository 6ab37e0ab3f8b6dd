/** Makes text storable in PostgreSQL, which accepts no NUL and no lone surrogates, and truncates it to the limit. */
export function storable(text: string, lengthMax: number): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
  const whole = cut.isWellFormed() ? cut : cut.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '�') : whole;
}
