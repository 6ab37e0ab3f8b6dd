import { Backoff } from '../kernel/index.ts';
import type { Pauses } from '../kernel/index.ts';
import { Wake } from './wake.ts';

export type LoopOptions = {
  /** One round. True: there is more to do, so the next round follows at once. */
  readonly work: () => Promise<boolean | void>;
  /** Pause between two rounds that find nothing more to do. */
  readonly everyMs: number;
  /** Pause before the first round; none when absent. */
  readonly firstMs?: number;
  /** Pauses after rounds that failed, in a row; `everyMs` when absent. A ring does not shorten them, unless `ringEndsPause`. */
  readonly pauses?: Pauses;
  readonly ringEndsPause?: boolean;
  /** A round threw; `isFirst` in a row. To be logged. */
  readonly failed: (failure: unknown, isFirst: boolean) => void;
  /** The first round that went well after ones that failed. */
  readonly recovered?: () => void;
};

export type Loop = {
  /** There may be something to do: the next round begins at once, or follows the one that is under way. */
  ring(): void;
  /** Begins no further round, and waits for the one that is under way. */
  stop(): Promise<void>;
};

/** Does rounds of work, one after the other, until it is stopped. No failure ends it. Its timers keep no process alive. */
export function startLoop(options: LoopOptions): Loop {
  const { work, everyMs, firstMs = 0, pauses = { first: everyMs, most: everyMs }, ringEndsPause = false, failed, recovered } = options;
  const wake = new Wake();
  const backoff = new Backoff(pauses);
  let isStopped = false;

  const rest = async (pauseMs: number) => {
    if (!ringEndsPause) return await wake.pause(pauseMs, () => isStopped);
    wake.forget();
    if (!isStopped) await wake.sleep(pauseMs);
  };
  const round = async () => {
    let isMore: boolean;
    try {
      isMore = (await work()) === true;
    } catch (failure) {
      failed(failure, backoff.isFresh);
      return await rest(backoff.nextMs());
    }
    if (!backoff.isFresh) recovered?.();
    backoff.reset();
    if (!isMore && !isStopped) await wake.sleep(everyMs);
  };
  const run = async () => {
    // Not before the caller has finished what it is about: it may be a constructor.
    await Promise.resolve();
    if (firstMs > 0 && !isStopped) await wake.sleep(firstMs);
    while (!isStopped) await round();
  };
  const running = run();
  return {
    ring: () => wake.ring(),
    stop: async () => {
      isStopped = true;
      wake.ring();
      await running;
    },
  };
}
