/** Cursors of found lists: where a page ends, and of which list and filter it is. */
import { hash } from 'node:crypto';

export const cursorPattern = '^[A-Za-z0-9_-]{1,600}$';

/** The way in which a page continues. */
export type Way = 'older' | 'newer';
export type Cursor = { readonly way: Way; readonly at: readonly (number | string)[] };

/** `of`: everything that must be the same for the cursor to make sense. */
export function formatCursor(of: unknown, { way, at }: Cursor): string {
  return Buffer.from(JSON.stringify([fingerprint(of), way === 'older' ? 0 : 1, ...at])).toString('base64url');
}

/** Null for a cursor that no page of the same list and filter has returned. */
export function parseCursor(text: string, of: unknown, isPosition: (at: readonly unknown[]) => boolean): Cursor | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parsed)) return null;
  const [mark, way, ...at] = parsed as unknown[];
  if (mark !== fingerprint(of) || (way !== 0 && way !== 1) || !isPosition(at)) return null;
  return { way: way === 0 ? 'older' : 'newer', at: at as (number | string)[] };
}

export function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function fingerprint(of: unknown): string {
  const text = JSON.stringify(of, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return hash('sha256', text, 'base64url').slice(0, 12);
}
