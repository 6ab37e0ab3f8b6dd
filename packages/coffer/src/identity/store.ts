/** The SQL of identity: one statement per method, each in its own transaction. */
import pg from 'pg';
import { Queries } from './queries.ts';
import type { LoginAttempt, Role, User } from './types.ts';

/** A user with the fields that never leave identity. */
export type StoredUser = {
  readonly user: User;
  readonly status: 'pending' | 'active' | 'rolled_back';
  readonly passwordHash: string | null;
  readonly tokenEpoch: number;
};

export type UserRow = {
  id: string;
  number: number;
  email: string | null;
  name: string;
  role: Role;
  password_hash: string | null;
  status: StoredUser['status'];
  token_epoch: number;
  suspended_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

export const userColumns = 'id, number, email, name, role, password_hash, status, token_epoch, suspended_at, created_at, updated_at';
/** Neither deleted nor rolled back; the status is a separate condition. */
const living = "deleted_at is null and status <> 'rolled_back'";

export class IdentityStore {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  /** Adds a pending user; null if a living one has the address. */
  async insertPending(user: {
    id: string;
    email: string;
    name: string;
    passwordHash: string | null;
    /** Whether somebody else creates the user, which is a change to record. */
    recorded: boolean;
  }): Promise<StoredUser | null> {
    // Checking first spares the sequence: an attempt with a taken address uses no account number.
    const query = {
      name: 'identity_insert_pending',
      text: `
        insert into identity.users (id, email, name, password_hash, status)
        select $1, $2, $3, $4, 'pending'
        where not exists (select from identity.users where lower(email collate "C") = lower($2::text collate "C") and ${living})
        on conflict do nothing
        returning ${userColumns}`,
      values: [user.id, user.email, user.name, user.passwordHash],
    };
    const rows = user.recorded
      ? await this.#queries.writeRecorded<UserRow>(query, (made) => (made.length > 0 ? { kind: 'users.create', subject: user.id } : null))
      : await this.#queries.write<UserRow>(query);
    return rows[0] ? userFromRow(rows[0]) : null;
  }

  /** Settles a pending user; null if it was already settled. */
  async settle(id: string, status: 'active' | 'rolled_back'): Promise<StoredUser | null> {
    const rows = await this.#queries.write<UserRow>({
      name: 'identity_settle',
      text: `update identity.users set status = $2, updated_at = clock_timestamp() where id = $1 and status = 'pending' returning ${userColumns}`,
      values: [id, status],
    });
    return rows[0] ? userFromRow(rows[0]) : null;
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

  /** A living user, pending or active. */
  async byEmail(email: string): Promise<StoredUser | null> {
    const rows = await this.#queries.read<UserRow>({
      name: 'identity_by_email',
      text: `select ${userColumns} from identity.users where lower(email collate "C") = lower($1::text collate "C") and ${living}`,
      values: [email],
    });
    return rows[0] ? userFromRow(rows[0]) : null;
  }

  /** Active users with a smaller number, in descending order. */
  async activeBefore(number: number, limit: number): Promise<StoredUser[]> {
    const rows = await this.#queries.read<UserRow>({
      name: 'identity_active_before',
      text: `
        select ${userColumns} from identity.users
        where number < $1 and status = 'active' and deleted_at is null
        order by number desc limit $2`,
      values: [number, limit],
    });
    return rows.map(userFromRow);
  }

  /** Changes the given fields. A new password revokes all tokens. */
  async update(id: string, change: { name?: string; email?: string; passwordHash?: string }): Promise<StoredUser | null | 'email_taken'> {
    try {
      const rows = await this.#queries.write<UserRow>({
        name: 'identity_update',
        text: `
          update identity.users set
            name = coalesce($2, name),
            email = coalesce($3, email),
            password_hash = coalesce($4, password_hash),
            token_epoch = token_epoch + ($4::text is not null)::integer,
            updated_at = clock_timestamp()
          where id = $1 and status = 'active' and deleted_at is null
          returning ${userColumns}`,
        values: [id, change.name, change.email, change.passwordHash],
      });
      return rows[0] ? userFromRow(rows[0]) : null;
    } catch (failure) {
      if (failure instanceof pg.DatabaseError && failure.constraint === 'users_email_living') return 'email_taken';
      throw failure;
    }
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

export function userFromRow(row: UserRow): StoredUser {
  return {
    user: {
      id: row.id,
      number: row.number,
      email: row.email,
      name: row.name,
      role: row.role,
      hasPassword: row.password_hash !== null,
      suspendedAt: row.suspended_at,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    },
    status: row.status,
    passwordHash: row.password_hash,
    tokenEpoch: row.token_epoch,
  };
}
