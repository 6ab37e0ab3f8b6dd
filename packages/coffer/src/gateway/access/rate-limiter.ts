/** A rate limiter: a number of tries per key and window, in this process or across all that share a counter. */
import type { Counter } from '../../cache/index.ts';

/** Callers choose the keys: beyond this number, the least recently tried key is forgotten. */
const keysMax = 10_000;

export class RateLimiter {
  readonly #perWindow: number;
  readonly #windowMs: number;
  readonly #shared: { readonly counter: Counter; readonly name: string } | null;
  /** Ordered by last try. */
  readonly #counts = new Map<string, number>();
  #windowEndsMs = 0;

  /** `shared`: the counter shared with other processes, and the name to count under. */
  constructor(perWindow: number, shared: { readonly counter: Counter; readonly name: string } | null = null, windowMs = 60_000) {
    this.#windowMs = windowMs;
    this.#perWindow = perWindow;
    this.#shared = shared;
  }

  /**
   * Like `takeHere`, across all processes; synchronous if this is the only one. If the shared counter is unavailable, each
   * process counts alone.
   */
  take(key: string): number | null | Promise<number | null> {
    return this.#shared?.counter.up ? this.#takeShared(this.#shared, key) : this.takeHere(key);
  }

  /**
   * Counts a try that is about to be made and returns null; if none are left, returns the seconds until one is. The try is
   * counted before its outcome is known: otherwise any number of concurrent tries would pass.
   */
  takeHere(key: string, nowMs = performance.now()): number | null {
    this.#turn(nowMs);
    const taken = this.#counts.get(key) ?? 0;
    if (taken >= this.#perWindow) return Math.ceil((this.#windowEndsMs - nowMs) / 1000);
    this.#counts.delete(key);
    this.#counts.set(key, taken + 1);
    if (this.#counts.size > keysMax) this.#forgetOldest();
    return null;
  }

  /** Gives back a try that turned out not to count towards the limit. */
  giveBack(key: string): void {
    if (this.#shared?.counter.up) return void this.#shared.counter.giveBack(`${this.#shared.name} ${key}`);
    const taken = this.#counts.get(key) ?? 0;
    if (taken > 1) this.#counts.set(key, taken - 1);
    else this.#counts.delete(key);
  }

  async #takeShared({ counter, name }: { readonly counter: Counter; readonly name: string }, key: string): Promise<number | null> {
    const waitMs = await counter.take(`${name} ${key}`, this.#perWindow, this.#windowMs);
    if (waitMs === null) return this.takeHere(key);
    return waitMs === 0 ? null : Math.ceil(waitMs / 1_000);
  }

  #turn(nowMs: number): void {
    if (nowMs < this.#windowEndsMs) return;
    this.#counts.clear();
    this.#windowEndsMs = nowMs + this.#windowMs;
  }

  #forgetOldest(): void {
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}
