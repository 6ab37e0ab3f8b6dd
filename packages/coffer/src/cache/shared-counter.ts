/** Counters that several processes share, for limits. */
import { hash } from 'node:crypto';
import type { RedisLink } from './redis-link.ts';

/** The counted request waits for it. */
const patienceMs = 40;

export class SharedCounter {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  /** False while each process counts for itself. */
  get up(): boolean {
    return this.#link.up;
  }

  /**
   * Counts one more for a key, whose window begins with the first; returns 0, or the milliseconds to wait when there were `perWindow`
   * already. Null: Redis did not answer.
   */
  async take(key: string, perWindow: number, windowMs: number): Promise<number | null> {
    const left = await this.#link.ask('take', this.#keyOf(key), [perWindow, windowMs], patienceMs).catch(() => null);
    return typeof left === 'number' ? left : null;
  }

  async giveBack(key: string): Promise<void> {
    if (this.#link.up) await this.#link.ask('giveBack', this.#keyOf(key), [], patienceMs).catch(() => undefined);
  }

  /** Callers' addresses and e-mails do not leave this process. */
  #keyOf(key: string): string {
    return `${this.#link.root}:count:${hash('sha256', key, 'base64url')}`;
  }
}
