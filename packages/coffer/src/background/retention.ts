import { startLoop } from './loop.ts';
import type { Loop } from './loop.ts';

export type RetentionOptions = {
  /** Deletes at most `atOnce` rows of those that are too old, in one transaction; answers how many. */
  readonly forget: (atOnce: number) => Promise<number>;
  readonly atOnce: number;
  readonly everyMs: number;
  /** Pause before the first sweep; none when absent. */
  readonly firstMs?: number;
  /** A sweep threw; the next one, after `everyMs`, finds the same rows. */
  readonly failed: (failure: unknown) => void;
};

/** Deletes what is too old every now and then, in small parts, so that no transaction is long. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #loop: Loop;
  #isStopped = false;

  constructor(options: RetentionOptions) {
    const { everyMs, firstMs = 0, failed } = options;
    this.#options = options;
    this.#loop = startLoop({ everyMs, firstMs, failed, work: async () => void (await this.sweep()) });
  }

  /** Deletes all that is too old now; answers how many rows. Ends early when it is stopped. */
  async sweep(): Promise<number> {
    const { forget, atOnce } = this.#options;
    let total = 0;
    for (let isMore = true; isMore && !this.#isStopped;) {
      const forgotten = await forget(atOnce);
      total += forgotten;
      isMore = forgotten === atOnce;
    }
    return total;
  }

  /** Waits for the part that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop.stop();
  }
}
