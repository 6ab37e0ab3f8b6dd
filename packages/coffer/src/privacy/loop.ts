/** Erases deleted users when their time is over. */
import type pg from 'pg';
import { Retention, SteadyClock } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import { dueForErasure } from '../identity/index.ts';
import type { Log } from '../kernel/index.ts';
import { eraseUser } from './erasing.ts';

const dayMs = 86_400_000;

export type ErasureOptions = {
  readonly pool: pg.Pool;
  readonly log: Log;
  /** Days after the deletion. */
  readonly afterDays: number;
  /** Default ten minutes. */
  readonly everyMs?: number;
};

const usersAtOnce = 20;

export function eraseDeletedUsers({ pool, log, afterDays, everyMs = 600_000 }: ErasureOptions): Retention {
  return new Retention({
    atOnce: usersAtOnce,
    everyMs,
    clock: new SteadyClock(pool),
    forget: async (atOnce, now) => {
      const due = await dueForErasure(pool, new Date(now.getTime() - afterDays * dayMs), atOnce);
      for (const id of due) await eraseUser(pool, id);
      return due.length;
    },
    failed: (failure) => {
      // Not urgent: the next sweep finds the same users.
      if (!isOutage(failure)) log.error({ err: failure }, 'Erasing deleted users failed; it will be retried');
    },
  });
}
