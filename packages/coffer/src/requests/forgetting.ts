/** Deletes finished requests by age, so that their table stays bounded. Their postings and keys stay in the ledger. */
import type pg from 'pg';
import { Retention } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';

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
    forget: (most) => forget(pool, keepDays, most),
    failed: (failure) => {
      // Not urgent: the next sweep finds the same requests.
      if (!isOutage(failure)) log.error({ err: failure }, 'Deleting old requests failed; it will be retried');
    },
  });
}

async function forget(pool: pg.Pool, keepDays: number, atOnce: number): Promise<number> {
  const { rows } = await pool.query<{ forgotten: number }>(
    'select requests.forget_before(clock_timestamp() - make_interval(days => $1), $2) as forgotten',
    [keepDays, atOnce],
  );
  return rows[0]?.forgotten ?? 0;
}
