/** What staff decide about a user: the role, and suspension. Each change and its record are one transaction. */
import type pg from 'pg';
import { recordChange } from '../audit/index.ts';
import { isUuid } from '../kernel/index.ts';
import { Queries } from './queries.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { userColumns, userFromRow } from './store.ts';
import type { UserRow } from './store.ts';
import type { Role, User } from './types.ts';

/** A decision by staff. */
export type Decision = {
  /** As logs name callers; `cli` at the command line. */
  readonly actor: string;
  /** The account of the person who decides; null at the command line. */
  readonly byUser: string | null;
  /** Whether that person may decide about staff: an admin, or anyone at the command line. */
  readonly aboutStaff: boolean;
  readonly reason: string;
};

type Change = {
  readonly kind: 'role' | 'suspended' | 'reinstated';
  readonly before?: Role;
  readonly after?: Role;
  readonly reason?: string;
};

const otherAdmins = `
  select 1 from identity.users
  where id <> $1 and role = 'admin' and status = 'active' and deleted_at is null and suspended_at is null limit 1`;

export class UserControl {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  async setRole(id: string, role: Role, actor: string): Promise<User | Refused> {
    return await this.#change(id, async (client, { user }) => {
      if (user.role === role) return user;
      if (user.role === 'admin' && !(await hasOtherAdmin(client, id))) return refused('last_admin');
      await note(client, id, actor, { kind: 'role', before: user.role, after: role });
      return await update(client, id, 'role = $2', [role]);
    });
  }

  /** A new epoch ends every session, also after a reinstatement. */
  async suspend(id: string, { actor, byUser, aboutStaff, reason }: Decision): Promise<User | Refused> {
    return await this.#change(id, async (client, { user }) => {
      if (byUser === id) return refused('own_account');
      if (user.role !== 'user' && !aboutStaff) return refused('staff_protected');
      if (user.suspendedAt) return user;
      if (user.role === 'admin' && !(await hasOtherAdmin(client, id))) return refused('last_admin');
      await note(client, id, actor, { kind: 'suspended', reason });
      return await update(client, id, 'suspended_at = clock_timestamp(), token_epoch = token_epoch + 1');
    });
  }

  async reinstate(id: string, { actor, aboutStaff, reason }: Decision): Promise<User | Refused> {
    return await this.#change(id, async (client, { user }) => {
      if (user.role !== 'user' && !aboutStaff) return refused('staff_protected');
      if (!user.suspendedAt) return user;
      await note(client, id, actor, { kind: 'reinstated', reason });
      return await update(client, id, 'suspended_at = null');
    });
  }

  /** Whether the user is an admin, and the only one who can log in. */
  async isLastAdmin(id: string): Promise<boolean> {
    const rows = await this.#queries.read<{ last: boolean }>({
      name: 'identity_last_admin',
      text: `select role = 'admin' and not exists (${otherAdmins}) as last from identity.users where id = $1`,
      values: [id],
    });
    return rows[0]?.last ?? false;
  }

  async #change(
    id: string,
    work: (client: pg.PoolClient, stored: { readonly user: User }) => Promise<User | Refused>,
  ): Promise<User | Refused> {
    if (!isUuid(id)) return refused('user_not_found');
    return await this.#queries.transact(async (client) => {
      // One such change at a time: two admins who demote each other at once would leave none.
      await client.query("select pg_advisory_xact_lock(hashtext('coffer users control'))");
      const { rows } = await client.query<UserRow>(
        `select ${userColumns} from identity.users where id = $1 and status = 'active' and deleted_at is null for update`,
        [id],
      );
      return rows[0] ? await work(client, userFromRow(rows[0])) : refused('user_not_found');
    });
  }
}

async function hasOtherAdmin(client: pg.PoolClient, id: string): Promise<boolean> {
  return (await client.query(otherAdmins, [id])).rows.length > 0;
}

async function note(client: pg.PoolClient, id: string, actor: string, { kind, before, after, reason }: Change): Promise<void> {
  await client.query('insert into identity.user_change (user_id, kind, before, after, reason, actor) values ($1, $2, $3, $4, $5, $6)', [
    id,
    kind,
    before,
    after,
    reason,
    actor,
  ]);
  await recordChange(client, {
    kind: `users.${kind}`,
    subject: id,
    before: before && { role: before },
    after: after ? { role: after } : { reason },
  });
}

async function update(client: pg.PoolClient, id: string, set: string, values: readonly unknown[] = []): Promise<User | Refused> {
  const { rows } = await client.query<UserRow>(
    `update identity.users set ${set}, updated_at = clock_timestamp() where id = $1 returning ${userColumns}`,
    [id, ...values],
  );
  return rows[0] ? userFromRow(rows[0]).user : refused('user_not_found');
}
