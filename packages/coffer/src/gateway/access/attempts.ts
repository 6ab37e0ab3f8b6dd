/** Bounds how often something may be tried: so many times per key and minute, in this process or in all that share a counter. */
import type { SharedCounter } from '../../cache/index.ts';

const windowMs = 60_000;
/** Keys come from callers: beyond so many, the one that was tried longest ago is forgotten. */
const keysMax = 10_000;

export class Attempts {
  readonly #perWindow: number;
  readonly #shared: { readonly counter: SharedCounter; readonly name: string } | null;
  /** In the order of their last try. */
  readonly #counts = new Map<string, number>();
  #windowEndsMs = 0;

  /** `shared`: what the others count with, and the name that they count this under. */
  constructor(perWindow: number, shared: { readonly counter: SharedCounter; readonly name: string } | null = null) {
    this.#perWindow = perWindow;
    this.#shared = shared;
  }

  /** Like `takeHere`, among all processes; at once where it is this one alone. While nobody answers for all, each counts for itself. */
  take(key: string): number | null | Promise<number | null> {
    return this.#shared?.counter.up ? this.#takeShared(this.#shared, key) : this.takeHere(key);
  }

  /**
   * Counts an attempt that is about to be made, and answers null; when there are none left, the seconds after which there are.
   * Counted before its outcome is known, or any number that are made at once would pass.
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

  /** For an attempt that turned out not to be of the kind that is bounded. */
  giveBack(key: string): void {
    if (this.#shared?.counter.up) return void this.#shared.counter.giveBack(`${this.#shared.name} ${key}`);
    const taken = this.#counts.get(key) ?? 0;
    if (taken > 1) this.#counts.set(key, taken - 1);
    else this.#counts.delete(key);
  }

  async #takeShared({ counter, name }: { readonly counter: SharedCounter; readonly name: string }, key: string): Promise<number | null> {
    const waitMs = await counter.take(`${name} ${key}`, this.#perWindow, windowMs);
    if (waitMs === null) return this.takeHere(key);
    return waitMs === 0 ? null : Math.ceil(waitMs / 1_000);
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
