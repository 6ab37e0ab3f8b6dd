/** Counts that several processes share, for limits. */
import { hash } from 'node:crypto';
import type { RedisLink } from './redis-link.ts';

/** Whoever is counted waits for it. */
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
   * Counts one more of a key, whose window begins with the first; answers 0, or the milliseconds to wait when there were `perWindow`
   * already. Null: Redis does not say.
   */
  async take(key: string, perWindow: number, windowMs: number): Promise<number | null> {
    const left = await this.#link.ask('take', this.#keyOf(key), [perWindow, windowMs], patienceMs).catch(() => null);
    return typeof left === 'number' ? left : null;
  }

  async giveBack(key: string): Promise<void> {
    if (this.#link.up) await this.#link.ask('giveBack', this.#keyOf(key), [], patienceMs).catch(() => undefined);
  }

  /** Addresses and e-mails of callers stay here. */
  #keyOf(key: string): string {
    return `${this.#link.root}:count:${hash('sha256', key, 'base64url')}`;
  }
}
