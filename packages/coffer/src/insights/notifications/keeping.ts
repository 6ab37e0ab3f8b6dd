/** Deletes notifications by age, so that their table stays bounded; their e-mails go with them. */
import type pg from 'pg';
import { Retention, SteadyClock } from '../../background/index.ts';
import type { Log } from '../../kernel/index.ts';
import { isLedgerOutage } from '../../ledger/index.ts';

const keptDays = 90;
const everyMs = 600_000;
const atOnce = 5_000;

export function keepNotificationsBounded(pool: pg.Pool, log: Log): Retention {
  return new Retention({
    atOnce,
    everyMs,
    clock: new SteadyClock(pool),
    forget: async (_atOnce, now) => {
      // Ids rise with time: the first by id are the oldest.
      const { rowCount } = await pool.query(
        `delete from insights.notification where id in (select id from insights.notification order by id limit $1)
         and created_at < $3::timestamptz - $2 * interval '1 day'`,
        [atOnce, keptDays, now],
      );
      return rowCount ?? 0;
    },
    failed: (failure) =>
      log[isLedgerOutage(failure) ? 'warn' : 'error']({ err: failure }, 'Deleting old notifications failed; it will be retried'),
  });
}
