/** Work that waits in a table: done when somebody rings, and looked for every now and then, since what rang may have died. */
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { LedgerHalted, LedgerOverloaded, LedgerUnavailable } from '../ledger/index.ts';

const pauseMaxMs = 30_000;

export type Loop = {
  /** There may be something to do. */
  ring(): void;
  /** Finishes what is under way. */
  stop(): Promise<void>;
};

/** `work` does a portion and answers whether there may be more at once. An outage is waited out, and logged once. */
export function startLoop(options: {
  readonly what: string;
  readonly everyMs: number;
  readonly log: Log;
  readonly work: () => Promise<boolean>;
}): Loop {
  const { what, everyMs, log, work } = options;
  let stopped = false;
  let rung = false;
  let failures = 0;
  let wakeUp: () => void = () => undefined;

  const sleep = async (ms: number) => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wakeUp = () => undefined;
  };
  const turn = async (): Promise<number> => {
    try {
      rung = false;
      const more = await work();
      if (failures > 0) log.info(`${what}: it goes on`);
      failures = 0;
      return more || rung ? 0 : everyMs;
    } catch (failure) {
      if (failures === 0 || !isPassing(failure))
        log[isPassing(failure) ? 'warn' : 'error']({ err: failure }, `${what}: it will be tried again`);
      failures++;
      return Math.min(pauseMaxMs, 100 * 2 ** Math.min(failures, 10));
    }
  };
  const run = async () => {
    while (!stopped) {
      const pauseMs = await turn();
      // Nobody can have asked it to stop or rung between this look and the sleep: both are one turn of the event loop.
      if (!stopped && pauseMs > 0 && (!rung || failures > 0)) await sleep(pauseMs);
    }
  };
  const running = run();
  return {
    ring: () => {
      rung = true;
      if (failures === 0) wakeUp();
    },
    stop: async () => {
      stopped = true;
      wakeUp();
      await running;
    },
  };
}

/** Trying again later can help: a book that halted goes on after a restart. */
export function isPassing(failure: unknown): boolean {
  return (
    isOutage(failure) || failure instanceof LedgerUnavailable || failure instanceof LedgerOverloaded || failure instanceof LedgerHalted
  );
}
