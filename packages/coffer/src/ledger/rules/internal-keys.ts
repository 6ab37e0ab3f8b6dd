/**
 * Keys of the operations that Coffer posts for itself: steps of a saga, of a request, actions of a fraud rule. They begin with a control
 * character, which no key of a caller's may contain, so the two can never collide. They tell how Coffer works, so no answer shows them.
 */
const mark = '\u0001';

export function internalKey(...parts: readonly (string | number)[]): string {
  return mark + parts.join('/');
}

export function isInternalKey(key: string): boolean {
  return key.startsWith(mark);
}
