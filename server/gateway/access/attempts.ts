/** Bounds how often something may be tried: so many times per key and minute. */

const windowMs = 60_000;
/** Keys come from callers: beyond so many, the one that was tried longest ago is forgotten. */
const keysMax = 10_000;

export class Attempts {
  readonly #perWindow: number;
  /** In the order of their last try. */
  readonly #counts = new Map<string, number>();
  #windowEndsMs = 0;

  constructor(perWindow: number) {
    this.#perWindow = perWindow;
  }

  /**
   * Counts an attempt that is about to be made, and answers null; when there are none left, the seconds after which there are.
   * Counted before its outcome is known, or any number that are made at once would pass.
   */
  take(key: string, nowMs = performance.now()): number | null {
    this.#turn(nowMs);
    const taken = this.#counts.get(key) ?? 0;
    if (taken >= this.#perWindow) return Math.ceil((this.#windowEndsMs - nowMs) / 1000);
    this.#counts.delete(key);
    this.#counts.set(key, taken + 1);
    if (this.#counts.size > keysMax) this.#forgetOldest();
    return null;
  }

  /** For an attempt that turned out not to be of the kind that is bounded. */
  giveBack(key: string): void {
    const taken = this.#counts.get(key) ?? 0;
    if (taken > 1) this.#counts.set(key, taken - 1);
    else this.#counts.delete(key);
  }

  #turn(nowMs: number): void {
    if (nowMs < this.#windowEndsMs) return;
    this.#counts.clear();
    this.#windowEndsMs = nowMs + windowMs;
  }

  #forgetOldest(): void {
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}
