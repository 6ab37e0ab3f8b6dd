/** The SQL of identity: one statement per method, each in its own transaction. */
import type pg from 'pg';
import { recordChange } from '../audit/index.ts';
import { isUuid } from '../kernel/index.ts';
import { addMail } from './account-mail.ts';
import { keepCreation } from './creations.ts';
import type { Creation } from './creations.ts';
import { usesLink } from './proof-store.ts';
import { Queries } from './queries.ts';
import { listUsers } from './listing.ts';
import type { ListedUsers, UserListing } from './listing.ts';
import { userColumns, userFromRow } from './user-rows.ts';
import type { StoredUser, UserRow } from './user-rows.ts';
import type { EmailProof, LoginAttempt } from './types.ts';

type NewUser = {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string | null;
  readonly invitation?: Buffer | undefined;
  readonly creation?: Creation | undefined;
  /** Whether somebody else creates the user, which is a change to record. */
  readonly isRecorded?: boolean | undefined;
};

/** Neither deleted nor rolled back; the status is a separate condition. */
const living = "deleted_at is null and status <> 'rolled_back'";

export class IdentityStore {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  /**
   * Adds a pending user. `invitation`: the hash of a link that is used for it. `creation`: the idempotency key of its caller. Null if a
   * living user has the address, or the link is not valid.
   */
  async insertPending(user: NewUser): Promise<StoredUser | null> {
    const { invitation, creation, isRecorded = false } = user;
    if (!invitation && !creation && !isRecorded) return await this.#queries.write<UserRow>(insertionOf(user, null)).then(firstUser);
    return await this.#queries.transact(async (client) => {
      const link = invitation ? await usesLink(client, 'invitation', invitation) : null;
      if (invitation && !link) return null;
      const { rows } = await client.query<UserRow>(insertionOf(user, link?.provedBy ?? null));
      const added = firstUser(rows);
      // Nothing was added, so the link stays as it was.
      if (!added && link) await client.query('update identity.proof set used_at = null where token_hash = $1', [invitation]);
      if (added && link) await client.query('update identity.proof set user_id = $2 where token_hash = $1', [invitation, user.id]);
      if (added && creation) await keepCreation(client, creation, user.id);
      if (added && isRecorded) await recordChange(client, { kind: 'users.create', subject: user.id });
      return added;
    });
  }

  /** Settles a pending user; null if it was already settled. `mailsProof`: sends the link that proves the address. */
  async settle(id: string, status: 'active' | 'rolled_back', mailsProof: boolean): Promise<StoredUser | null> {
    return await this.#queries.transact(async (client) => {
      const { rows } = await client.query<UserRow>({
        name: 'identity_settle',
        text: `update identity.users set status = $2, updated_at = clock_timestamp() where id = $1 and status = 'pending' returning ${userColumns}`,
        values: [id, status],
      });
      const settled = firstUser(rows);
      // The invitation can be accepted again.
      if (settled && status === 'rolled_back')
        await client.query("update identity.proof set used_at = null, user_id = null where user_id = $1 and purpose = 'invitation'", [id]);
      const { email = null, name, emailProvedAt } = settled?.user ?? {};
      if (mailsProof && status === 'active' && email !== null && !emailProvedAt)
        await addMail(client, { kind: 'proof', address: email, userId: id, ...(name !== undefined && { name }) });
      return settled;
    });
  }

  /** Pending users of at least this age, oldest first. */
  async pendingOlderThan(ageMs: number, limit: number): Promise<StoredUser[]> {
    const rows = await this.#queries.read<UserRow>({
      name: 'identity_pending',
      text: `
        select ${userColumns} from identity.users
        where status = 'pending' and created_at <= clock_timestamp() - $1::double precision * interval '1 millisecond'
        order by created_at limit $2`,
      values: [ageMs, limit],
    });
    return rows.map(userFromRow);
  }

  /** A living user, pending or active. */
  async byId(id: string): Promise<StoredUser | null> {
    const rows = await this.#queries.read<UserRow>({
      name: 'identity_by_id',
      text: `select ${userColumns} from identity.users where id = $1 and ${living}`,
      values: [id],
    });
    return rows[0] ? userFromRow(rows[0]) : null;
  }

  /** Which of the ids belong to living users. */
  async livingAmong(ids: readonly string[]): Promise<string[]> {
    const rows = await this.#queries.read<{ id: string }>({
      name: 'identity_living_among',
      text: `select id from identity.users where id = any ($1::uuid[]) and ${living}`,
      values: [ids],
    });
    return rows.map(({ id }) => id);
  }

  /**
   * The living user of a login at another issuer: the one that the subject is linked to, or else the one whose id it is. `isCurrent`:
   * false if the token was issued before the sessions of the user were ended, or so shortly after that clocks may differ.
   */
  async ofForeignLogin(login: {
    readonly issuer: string;
    readonly subject: string;
    readonly issuedAt: number;
    readonly toleranceSeconds: number;
  }): Promise<(StoredUser & { readonly isCurrent: boolean }) | null> {
    const id = login.subject.toLowerCase();
    const rows = await this.#queries.read<UserRow & { is_current: boolean }>({
      name: 'identity_of_foreign_login',
      text: `
        select ${userColumns}, to_timestamp($4) > sessions_valid_from + make_interval(secs => $5) as is_current from identity.users
        where id = coalesce((select user_id from identity.subject where issuer = $1 and subject = $2), $3::uuid) and ${living}`,
      values: [login.issuer, login.subject, isUuid(id) ? id : null, login.issuedAt, login.toleranceSeconds],
    });
    return rows[0] ? { ...userFromRow(rows[0]), isCurrent: rows[0].is_current } : null;
  }

  /** A living user, pending or active. */
  async byEmail(email: string): Promise<StoredUser | null> {
    const rows = await this.#queries.read<UserRow>({
      name: 'identity_by_email',
      text: `select ${userColumns} from identity.users where lower(email collate "C") = lower($1::text collate "C") and ${living}`,
      values: [email],
    });
    return rows[0] ? userFromRow(rows[0]) : null;
  }

  async list(listing: UserListing): Promise<ListedUsers | null> {
    return await listUsers(this.#queries, listing);
  }

  /** The time of the deletion; null if there was no user to delete. */
  async softDelete(id: string): Promise<Date | null> {
    const rows = await this.#queries.write<{ deleted_at: Date }>({
      name: 'identity_soft_delete',
      text: `
        update identity.users set deleted_at = clock_timestamp(), updated_at = clock_timestamp()
        where id = $1 and status = 'active' and deleted_at is null
        returning deleted_at`,
      values: [id],
    });
    return rows[0]?.deleted_at ?? null;
  }

  async logAttempt(attempt: Omit<LoginAttempt, 'id' | 'at'> & { readonly userId: string | null }): Promise<void> {
    await this.#queries.write({
      name: 'identity_log_attempt',
      text: 'insert into identity.login_log (user_id, email, success, reason, client_ip, user_agent) values ($1, $2, $3, $4, $5, $6)',
      values: [attempt.userId, attempt.email, attempt.success, attempt.reason, attempt.clientIp, attempt.userAgent],
    });
  }

  /** Attempts on a user's account with a smaller id, newest first. */
  async attemptsBefore(userId: string, id: number, limit: number): Promise<LoginAttempt[]> {
    return await this.#queries.read<LoginAttempt>({
      name: 'identity_attempts',
      text: `
        select id::text, email, success, reason, client_ip as "clientIp", user_agent as "userAgent", at
        from identity.login_log log where user_id = $1 and id < $2 order by log.id desc limit $3`,
      values: [userId, id, limit],
    });
  }
}

function firstUser(rows: readonly UserRow[]): StoredUser | null {
  return rows[0] ? userFromRow(rows[0]) : null;
}

/** Checking first spares the sequence: an attempt with a taken address uses no account number. */
function insertionOf({ id, email, name, passwordHash }: NewUser, provedBy: EmailProof | null): pg.QueryConfig {
  return {
    name: 'identity_insert_pending',
    text: `
      insert into identity.users (id, email, name, password_hash, status, email_proved_at, email_proved_by)
      select $1, $2, $3, $4, 'pending', case when $5::text is null then null else clock_timestamp() end, $5
      where not exists (select from identity.users where lower(email collate "C") = lower($2::text collate "C") and ${living})
      on conflict do nothing
      returning ${userColumns}`,
    values: [id, email, name, passwordHash, provedBy],
  };
}
