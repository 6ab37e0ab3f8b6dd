/** Deletes finished requests by age, so that their table stays bounded. Their postings and keys stay in the ledger. */
import type pg from 'pg';
import { Retention, SteadyClock } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';

const dayMs = 86_400_000;

export type Forgetting = {
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly keepDays: number;
  /** Default ten minutes. */
  readonly everyMs?: number;
  /** Number of requests per transaction; default 200: a request may have hundreds of lines. */
  readonly atOnce?: number;
};

/** Starts immediately, and repeats at intervals. */
export function forgetOldRequests({ pool, log, keepDays, everyMs = 600_000, atOnce = 200 }: Forgetting): Retention {
  return new Retention({
    atOnce,
    everyMs,
    clock: new SteadyClock(pool),
    forget: (most, now) => forget(pool, new Date(now.getTime() - keepDays * dayMs), most),
    failed: (failure) => {
      // Not urgent: the next sweep finds the same requests.
      if (!isOutage(failure)) log.error({ err: failure }, 'Deleting old requests failed; it will be retried');
    },
  });
}

async function forget(pool: pg.Pool, before: Date, atOnce: number): Promise<number> {
  const { rows } = await pool.query<{ forgotten: number }>('select requests.forget_before($1, $2) as forgotten', [before, atOnce]);
  return rows[0]?.forgotten ?? 0;
}
