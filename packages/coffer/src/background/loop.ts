import { Backoff } from '../kernel/index.ts';
import type { Pauses } from '../kernel/index.ts';
import { WakeSignal } from './wake-signal.ts';

export type LoopOptions = {
  /** One round. True: there is more to do, so the next round follows immediately. */
  readonly work: () => Promise<boolean | void>;
  /** Pause between two rounds that find nothing more to do. */
  readonly everyMs: number;
  /** Pause before the first round; none by default. */
  readonly firstMs?: number;
  /** Pauses after consecutive failed rounds; `everyMs` by default. A notification does not shorten them, unless `notifyEndsPause`. */
  readonly pauses?: Pauses;
  readonly notifyEndsPause?: boolean;
  /** A round threw; `isFirst`: the first in a row. Log it. */
  readonly failed: (failure: unknown, isFirst: boolean) => void;
  /** The first successful round after failed ones. */
  readonly recovered?: () => void;
};

export type Loop = {
  /** There may be something to do: the next round begins immediately, or follows the current one. */
  notify(): void;
  /** Starts no further round, and waits for the current one. */
  stop(): Promise<void>;
};

/** Runs rounds of work one after the other until it is stopped. No failure ends it. Its timers do not keep the process alive. */
export function startLoop(options: LoopOptions): Loop {
  const { work, everyMs, firstMs = 0, pauses = { first: everyMs, most: everyMs }, notifyEndsPause = false, failed, recovered } = options;
  const wake = new WakeSignal();
  const backoff = new Backoff(pauses);
  let isStopped = false;

  const rest = async (pauseMs: number) => {
    if (!notifyEndsPause) return await wake.pause(pauseMs, () => isStopped);
    wake.clear();
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
    // Deferred until the caller has finished, which may be a constructor.
    await Promise.resolve();
    if (firstMs > 0 && !isStopped) await wake.sleep(firstMs);
    while (!isStopped) await round();
  };
  const running = run();
  return {
    notify: () => wake.notify(),
    stop: async () => {
      isStopped = true;
      wake.notify();
      await running;
    },
  };
}
