/** Counters for limits that several processes share. */

export type Counter = {
  /** False: it does not answer, so each process counts for itself. */
  readonly up: boolean;
  /**
   * Counts one more for a key, whose window begins with the first; returns 0, or the milliseconds to wait when there were `perWindow`
   * already. Null: no answer.
   */
  take(key: string, perWindow: number, windowMs: number): Promise<number | null>;
  giveBack(key: string): Promise<void>;
};

/** Callers choose the keys: beyond this number, the one whose last window began first is forgotten. */
const keysMax = 100_000;

type Window = { taken: number; readonly endsMs: number };

/** Counts in the memory of one process, for others that ask it. */
export class WindowCounter {
  /** Ordered by the begin of the window. */
  readonly #windows = new Map<string, Window>();

  /** As `Counter.take`; never null. */
  take(key: string, perWindow: number, windowMs: number, nowMs = performance.now()): number {
    const found = this.#windows.get(key);
    if (found && nowMs < found.endsMs) {
      if (found.taken >= perWindow) return Math.ceil(found.endsMs - nowMs);
      found.taken++;
      return 0;
    }
    this.#windows.delete(key);
    this.#windows.set(key, { taken: 1, endsMs: nowMs + windowMs });
    if (this.#windows.size > keysMax) this.#forgetOldest();
    return 0;
  }

  giveBack(key: string): void {
    const found = this.#windows.get(key);
    if (found && found.taken > 0) found.taken--;
  }

  #forgetOldest(): void {
    const [oldest] = this.#windows.keys();
    if (oldest !== undefined) this.#windows.delete(oldest);
  }
}

/** The first that answers. */
export function counterOf(first: Counter | null, second: Counter | null): Counter | null {
  if (!first || !second) return first ?? second;
  return {
    get up() {
      return first.up || second.up;
    },
    take: async (key, perWindow, windowMs) =>
      (first.up ? await first.take(key, perWindow, windowMs) : null) ?? (await second.take(key, perWindow, windowMs)),
    giveBack: async (key) => await (first.up ? first : second).giveBack(key),
  };
}
