/** Bounds how often something that is guessed or mass-produced may be tried: so many per key and minute. */
import type { Problem } from './problem.ts';

const windowMs = 60_000;
/** Keys come from callers; forgetting them all is the lesser evil of keeping them all. */
const keysMax = 10_000;

export class Attempts {
  readonly #perWindow: number;
  readonly #counts = new Map<string, number>();
  #windowEndsMs = 0;

  constructor(perWindow: number) {
    this.#perWindow = perWindow;
  }

  /**
   * Counts an attempt that is about to be made, and answers null; when there are none left, the answer that says when to come back.
   * Counted before its outcome is known, or any number that are made at once would pass.
   */
  take(key: string, nowMs = performance.now()): Problem | null {
    this.#turn(nowMs);
    const taken = this.#counts.get(key) ?? 0;
    if (taken >= this.#perWindow) return tooMany(Math.ceil((this.#windowEndsMs - nowMs) / 1000));
    this.#counts.set(key, taken + 1);
    return null;
  }

  /** For an attempt that turned out not to be of the kind that is bounded. */
  giveBack(key: string): void {
    const taken = this.#counts.get(key) ?? 0;
    if (taken > 1) this.#counts.set(key, taken - 1);
    else this.#counts.delete(key);
  }

  #turn(nowMs: number): void {
    if (nowMs < this.#windowEndsMs && this.#counts.size < keysMax) return;
    this.#counts.clear();
    this.#windowEndsMs = nowMs + windowMs;
  }
}

function tooMany(retryAfterSeconds: number): Problem {
  return {
    status: 429,
    code: 'too_many_requests',
    title: 'Too many attempts.',
    detail: `Nothing was done. Try again in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
  };
}
