/** A bug in Coffer itself: an invariant does not hold. Never caused by a caller's input. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States an invariant. A false condition is a bug and stops the current work; refusals and outages are not asserted. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
