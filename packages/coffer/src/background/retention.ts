import { startLoop } from './loop.ts';
import type { Loop } from './loop.ts';
import type { SteadyClock } from './steady-clock.ts';

export type RetentionOptions = {
  /** Deletes at most `atOnce` rows that are outdated now, in one transaction; returns how many. */
  readonly forget: (atOnce: number, now: Date) => Promise<number>;
  /** A moment of wrong time must not delete anything. */
  readonly clock: Pick<SteadyClock, 'read'>;
  readonly atOnce: number;
  readonly everyMs: number;
  /** Pause before the first sweep; none by default. */
  readonly firstMs?: number;
  /** A sweep threw; the next one, after `everyMs`, finds the same rows. */
  readonly failed: (failure: unknown) => void;
};

/** Periodically deletes outdated rows in small parts, so that no transaction is long. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #loop: Loop;
  #isStopped = false;

  constructor(options: RetentionOptions) {
    const { everyMs, firstMs = 0, failed } = options;
    this.#options = options;
    this.#loop = startLoop({ everyMs, firstMs, failed, work: async () => void (await this.sweep()) });
  }

  /** Deletes all rows that are outdated now; returns how many. Ends early when it is stopped. */
  async sweep(): Promise<number> {
    const { forget, atOnce, clock } = this.#options;
    const now = await clock.read();
    let total = 0;
    for (let isMore = true; isMore && !this.#isStopped;) {
      const forgotten = await forget(atOnce, now);
      total += forgotten;
      // A part may be smaller than asked for: the audit deletes whole batches.
      isMore = forgotten > 0;
    }
    return total;
  }

  /** Waits for the current part. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop.stop();
  }
}
