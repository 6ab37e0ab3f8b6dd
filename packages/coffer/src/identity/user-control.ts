/** What staff decide about a user: the role, and suspension. Each change and its record are one transaction. */
import type pg from 'pg';
import { isUuid } from '../kernel/index.ts';
import { addMail } from './account-mail.ts';
import { Queries } from './queries.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { userColumns, userFromRow } from './user-rows.ts';
import type { UserRow } from './user-rows.ts';
import type { Role, User } from './types.ts';
import { deleteFactors } from './factor-store.ts';
import { voidPrintedLinks } from './proof-store.ts';
import { noteChange } from './user-changes.ts';

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

/** Ends every session and every token of another issuer that was issued before, also after a reinstatement. */
const endSessions = 'token_epoch = token_epoch + 1, sessions_valid_from = clock_timestamp()';

const otherAdmins = `
  select 1 from identity.users
  where id <> $1 and role = 'admin' and status = 'active' and deleted_at is null and suspended_at is null limit 1`;

export class UserControl {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  /** `requiresProof`: only a user who has proved the address becomes staff. */
  async setRole(id: string, role: Role, actor: string, requiresProof: boolean): Promise<User | Refused> {
    return await this.#change(id, async (client, { user }) => {
      if (user.role === role) return user;
      const isProved = user.emailProvedBy === 'link' || user.emailProvedBy === 'operator';
      if (role !== 'user' && requiresProof && !isProved) return refused('email_unproved');
      if (user.role === 'admin' && !(await hasOtherAdmin(client, id))) return refused('last_admin');
      await noteChange(client, id, actor, { kind: 'role', before: user.role, after: role });
      await voidPrintedLinks(client, id);
      return await update(client, id, 'role = $2', [role]);
    });
  }

  async suspend(id: string, { actor, byUser, aboutStaff, reason }: Decision): Promise<User | Refused> {
    return await this.#change(id, async (client, { user }) => {
      if (byUser === id) return refused('own_account');
      if (user.role !== 'user' && !aboutStaff) return refused('staff_protected');
      if (user.suspendedAt) return user;
      if (user.role === 'admin' && !(await hasOtherAdmin(client, id))) return refused('last_admin');
      await noteChange(client, id, actor, { kind: 'suspended', reason });
      return await update(client, id, `suspended_at = clock_timestamp(), ${endSessions}`);
    });
  }

  async reinstate(id: string, { actor, aboutStaff, reason }: Decision): Promise<User | Refused> {
    return await this.#change(id, async (client, { user }) => {
      if (user.role !== 'user' && !aboutStaff) return refused('staff_protected');
      if (!user.suspendedAt) return user;
      await noteChange(client, id, actor, { kind: 'reinstated', reason });
      return await update(client, id, 'suspended_at = null');
    });
  }

  /** Ends every session of a user, and refuses the tokens of another issuer that were issued before. */
  async endSessions(id: string, { actor, byUser, aboutStaff, reason }: Decision): Promise<User | Refused> {
    return await this.#change(id, async (client, { user }) => {
      if (user.role !== 'user' && !aboutStaff && byUser !== id) return refused('staff_protected');
      await noteChange(client, id, actor, { kind: 'sessions_ended', reason });
      return await update(client, id, endSessions);
    });
  }

  /** Removes every second factor of a user who has lost them, and ends the user's sessions. */
  async resetFactors(id: string, { actor, reason }: Pick<Decision, 'actor' | 'reason'>): Promise<User | Refused> {
    return await this.#change(id, async (client) => {
      await deleteFactors(client, id);
      await noteChange(client, id, actor, { kind: 'factors_reset', reason });
      return await update(client, id, endSessions);
    });
  }

  /** Whether staff may delete the user: null, or the refusal. `isDeleting`: deletes as well. */
  async delete(id: string, { actor, byUser, aboutStaff, reason }: Decision, isDeleting: boolean): Promise<Date | null | Refused> {
    let deletedAt: Date | null = null;
    const outcome = await this.#change(id, async (client, { user }) => {
      if (byUser === id) return refused('own_account');
      if (user.role !== 'user' && !aboutStaff) return refused('staff_protected');
      if (user.role === 'admin' && !(await hasOtherAdmin(client, id))) return refused('last_admin');
      if (!isDeleting) return user;
      await noteChange(client, id, actor, { kind: 'deleted', reason });
      const { rows } = await client.query<{ deleted_at: Date }>(
        'update identity.users set deleted_at = clock_timestamp(), updated_at = clock_timestamp() where id = $1 returning deleted_at',
        [id],
      );
      deletedAt = rows[0]?.deleted_at ?? null;
      return user;
    });
    return 'refusal' in outcome ? outcome : deletedAt;
  }

  /** For the command line, which asks for no current password. A new epoch ends every session. */
  async setPassword(id: string, passwordHash: string, actor: string, mails: boolean): Promise<User | Refused> {
    return await this.#change(id, async (client, { user: { email, name } }) => {
      await noteChange(client, id, actor, { kind: 'password_set' });
      if (mails && email !== null) await addMail(client, { kind: 'password_changed', address: email, userId: id, name });
      return await update(client, id, 'password_hash = $2, token_epoch = token_epoch + 1, pending_email = null', [passwordHash]);
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

async function update(client: pg.PoolClient, id: string, set: string, values: readonly unknown[] = []): Promise<User | Refused> {
  const { rows } = await client.query<UserRow>(
    `update identity.users set ${set}, updated_at = clock_timestamp() where id = $1 returning ${userColumns}`,
    [id, ...values],
  );
  return rows[0] ? userFromRow(rows[0]).user : refused('user_not_found');
}
