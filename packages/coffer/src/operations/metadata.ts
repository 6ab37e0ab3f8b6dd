/** What callers may keep with an operation: a small JSON object of their own. */

const metadataBytesMax = 4096;
const metadataDepthMax = 5;

/**
 * What is wrong with metadata, in a sentence; null when nothing is. The value that is kept is the one that was sent, in JSON's usual
 * spelling (1.0 is kept as 1). A number that a double would change is refused, as for amounts: here integers beyond 9007199254740991,
 * and what a strict reader has marked as NaN.
 */
export function metadataMistake(metadata: unknown): string | null {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return 'The metadata is no JSON object.';
  const mistake = mistakeIn(metadata, 1);
  if (mistake !== null) return mistake;
  return Buffer.byteLength(JSON.stringify(metadata)) > metadataBytesMax
    ? `The metadata has more than ${metadataBytesMax} bytes of JSON. Keep the rest on your side, under the requestId.`
    : null;
}

function mistakeIn(value: unknown, depth: number): string | null {
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return isExact ? null : 'The metadata has a number that cannot be kept exactly. Send it as a string.';
  }
  if (typeof value === 'string') return isText(value) ? null : notText;
  if (typeof value !== 'object' || value === null) return null;
  if (depth > metadataDepthMax) return `The metadata is nested deeper than ${metadataDepthMax} levels.`;
  for (const [name, item] of Object.entries(value)) {
    const mistake = isText(name) ? mistakeIn(item, depth + 1) : notText;
    if (mistake !== null) return mistake;
  }
  return null;
}

const notText = 'The metadata has a text with a NUL or half of a surrogate pair, which cannot be kept. Leave it out.';

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
