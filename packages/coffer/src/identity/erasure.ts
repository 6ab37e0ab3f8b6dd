/** Erasure of users, and of the login log by age. */
import type pg from 'pg';
import { Retention, SteadyClock } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import { isUuid } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';

/** `addresses`: the e-mail addresses that the user is known to have had, in lower case. */
export type Erasable = {
  readonly id: string;
  readonly addresses: readonly string[];
  /** Also of an account that could not be created; null while it is in use. */
  readonly deletedAt: Date | null;
  readonly erasedAt: Date | null;
};

const goneAt = `case when status = 'rolled_back' then updated_at else deleted_at end`;

export async function findErasable(client: pg.ClientBase | pg.Pool, id: string): Promise<Erasable | null> {
  if (!isUuid(id)) return null;
  const { rows } = await client.query<Erasable>(
    `select u.id, ${goneAt} as "deletedAt", u.erased_at as "erasedAt",
       array(
         select lower(u.email collate "C") where u.email is not null
         union select lower(u.pending_email collate "C") where u.pending_email is not null
         union select lower(p.address collate "C") from identity.proof p where p.user_id = u.id
         union select lower(m.address collate "C") from identity.mail m where m.user_id = u.id
         union select lower(l.email collate "C") from identity.login_log l where l.user_id = u.id and l.email is not null
       ) as addresses
     from identity.users u where u.id = $1`,
    [id.toLowerCase()],
  );
  return rows[0] ?? null;
}

/** Users who were deleted before a moment and are not erased, and as many accounts that could not be created; longest deleted first. */
export async function dueForErasure(pool: pg.Pool, before: Date, limit: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from identity.users
     where erased_at is null and (deleted_at is not null or status = 'rolled_back') and coalesce(deleted_at, updated_at) < $1
     order by coalesce(deleted_at, updated_at) limit $2`,
    [before, limit],
  );
  return rows.map(({ id }) => id);
}

/** False if there was nothing to erase. */
export async function eraseIdentity(client: pg.ClientBase, id: string, addresses: readonly string[]): Promise<boolean> {
  const { rows } = await client.query<{ erased: boolean }>('select identity.erase_user($1, $2) as erased', [id, addresses]);
  return rows[0]?.erased ?? false;
}

const dayMs = 86_400_000;
const everyMs = 600_000;
const atOnce = 5_000;

/** Deletes rows of the login log by age. */
export function forgetOldLogins({
  pool,
  log,
  keepDays,
}: {
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly keepDays: number;
}): Retention {
  return new Retention({
    atOnce,
    everyMs,
    clock: new SteadyClock(pool),
    forget: async (most, now) => {
      const before = new Date(now.getTime() - keepDays * dayMs);
      const { rows } = await pool.query<{ forgotten: number }>('select identity.forget_logins_before($1, $2) as forgotten', [before, most]);
      return rows[0]?.forgotten ?? 0;
    },
    failed: (failure) => {
      if (!isOutage(failure)) log.error({ err: failure }, 'Deleting old logins failed; it will be retried');
    },
  });
}
