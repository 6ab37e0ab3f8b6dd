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

  /** Null while there are attempts left, else the answer that says when to come back. */
  refusal(key: string, nowMs = performance.now()): Problem | null {
    this.#turn(nowMs);
    return (this.#counts.get(key) ?? 0) < this.#perWindow ? null : tooMany(Math.ceil((this.#windowEndsMs - nowMs) / 1000));
  }

  count(key: string, nowMs = performance.now()): void {
    this.#turn(nowMs);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
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
