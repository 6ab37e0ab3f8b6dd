/**
 * Keys of operations that Coffer posts for itself: saga steps, steps of a payment request, actions of a fraud rule. They begin with a
 * control character, which callers' keys cannot contain, so the two never collide. They expose internals, so no answer shows them.
 */
const mark = '\u0001';

export function internalKey(...parts: readonly (string | number)[]): string {
  return mark + parts.join('/');
}

export function isInternalKey(key: string): boolean {
  return key.startsWith(mark);
}
