/** A bug in Coffer itself: something that cannot be, is. Never caused by what a caller sends. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States what must hold. A false condition is a bug and stops the work at hand; refusals and outages are not asserted. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
