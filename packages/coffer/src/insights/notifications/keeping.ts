/** Notifications go by age, so that the table does not grow for ever; their e-mails go with them. */
import type pg from 'pg';
import type { Log } from '../../kernel/index.ts';
import { startLoop } from '../loop.ts';
import type { Loop } from '../loop.ts';

const keptDays = 90;
const everyMs = 600_000;
const atOnce = 5_000;

export function keepNotificationsBounded(pool: pg.Pool, log: Log): Loop {
  return startLoop({
    what: 'Forgetting old notifications',
    everyMs,
    log,
    work: async () => {
      // Ids rise with time: the first by id are the oldest.
      const { rowCount } = await pool.query(
        `delete from insights.notification where id in (select id from insights.notification order by id limit $1)
         and created_at < clock_timestamp() - $2 * interval '1 day'`,
        [atOnce, keptDays],
      );
      return rowCount === atOnce;
    },
  });
}
