/** Work that waits in a table: done on notification, and also polled, because the notifying process may have died. */
import { startLoop } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import type { Log } from '../kernel/index.ts';
import { isLedgerOutage } from '../ledger/index.ts';

const pauses = { first: 200, most: 30_000 } as const;

/** `work` does a portion and returns whether there may be more now. An outage is waited out, and logged once. */
export function startWork(options: {
  readonly what: string;
  readonly everyMs: number;
  readonly log: Log;
  readonly work: () => Promise<boolean>;
}): Loop {
  const { what, everyMs, log, work } = options;
  return startLoop({
    work,
    everyMs,
    pauses,
    failed: (failure, isFirst) => {
      if (isFirst || !isLedgerOutage(failure))
        log[isLedgerOutage(failure) ? 'warn' : 'error']({ err: failure }, `${what}: it will be retried`);
    },
    recovered: () => log.info(`${what}: it continues`),
  });
}
