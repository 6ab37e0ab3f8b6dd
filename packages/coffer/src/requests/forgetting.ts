/** Finished requests go by age, so that their table does not grow for ever. What they moved, and their keys, stay in the ledger. */
import type pg from 'pg';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';

export type Forgetting = {
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly keepDays: number;
  /** Ten minutes when absent. */
  readonly everyMs?: number;
  /** How many go in one transaction; 200 when absent: a request may have hundreds of lines. */
  readonly atOnce?: number;
};

/** Begins at once, and looks again every now and then. */
export function forgetOldRequests({ pool, log, keepDays, everyMs = 600_000, atOnce = 200 }: Forgetting): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  const sweep = async (): Promise<void> => {
    try {
      for (let isMore = true; isMore && !stopped;) isMore = (await forget(pool, keepDays, atOnce)) === atOnce;
    } catch (failure) {
      // There is no hurry: the next look finds the same requests.
      if (!isOutage(failure)) log.error({ err: failure }, 'Old requests could not be forgotten; it will be tried again');
    }
    if (!stopped) timer = setTimeout(begin, everyMs).unref();
  };
  let sweeping = Promise.resolve();
  const begin = () => {
    sweeping = sweep();
  };
  begin();
  return {
    stop: async () => {
      stopped = true;
      if (timer) clearTimeout(timer);
      await sweeping;
    },
  };
}

async function forget(pool: pg.Pool, keepDays: number, atOnce: number): Promise<number> {
  const { rows } = await pool.query<{ forgotten: number }>(
    'select requests.forget_before(clock_timestamp() - make_interval(days => $1), $2) as forgotten',
    [keepDays, atOnce],
  );
  return rows[0]?.forgotten ?? 0;
}
