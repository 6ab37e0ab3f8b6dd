/** Metadata: a small JSON object that callers may store with an operation. */
import { reservedMetadata } from '../metadata/index.ts';

const metadataBytesMax = 4096;
const metadataDepthMax = 5;

/**
 * Describes what is wrong with metadata; null when it is valid. The stored value is the one that was sent, in JSON's usual spelling (1.0 is
 * stored as 1). Numbers that a double would change are refused, as for amounts: here, integers beyond 9007199254740991, and what a strict
 * reader has marked as NaN.
 */
export function metadataMistake(metadata: unknown): string | null {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return 'The metadata is not a JSON object.';
  if (Object.hasOwn(metadata, reservedMetadata))
    return `The metadata has the property "${reservedMetadata}", which is reserved for Coffer. Give it another name.`;
  const mistake = mistakeIn(metadata, 1);
  if (mistake !== null) return mistake;
  return Buffer.byteLength(JSON.stringify(metadata)) > metadataBytesMax
    ? `The metadata has more than ${metadataBytesMax} bytes of JSON. Store the rest in your own system, under the requestId.`
    : null;
}

function mistakeIn(value: unknown, depth: number): string | null {
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return isExact ? null : 'The metadata has a number that cannot be stored exactly. Send it as a string.';
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

const notText = 'The metadata has a text with a NUL or a lone surrogate, which cannot be stored. Remove it.';

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
