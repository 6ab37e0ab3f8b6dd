/** The SQL of second factors. A function that takes a client is part of its transaction. */
import type pg from 'pg';
import type { Credential } from './passkeys.ts';
import { Queries } from './queries.ts';
import type { Factor, Role } from './types.ts';

export type StoredTotp = { readonly id: string; readonly sealed: Buffer };
export type FactorState = { readonly totp: boolean; readonly passkey: boolean; readonly recoveryCodes: number };

const columns = `id, kind, name, created_at as "createdAt", last_used_at as "lastUsedAt"`;
/** An enrolment that is not confirmed by then begins anew. */
const enrolmentMinutes = 10;

export class FactorStore {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  async transact<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return await this.#queries.transact(work);
  }

  /** Which kinds of factors a user has, and how many recovery codes are left. */
  async stateOf(userId: string): Promise<FactorState> {
    const rows = await this.#queries.read<FactorState>({
      name: 'factor_state',
      text: `
        select coalesce(bool_or(kind = 'totp'), false) as totp, coalesce(bool_or(kind = 'passkey'), false) as passkey,
          (select count(*)::integer from identity.recovery_code where user_id = $1) as "recoveryCodes"
        from identity.factor where user_id = $1 and confirmed_at is not null`,
      values: [userId],
    });
    return rows[0] ?? { totp: false, passkey: false, recoveryCodes: 0 };
  }

  /** Oldest first. */
  async ofUser(userId: string): Promise<Factor[]> {
    return await this.#queries.read<Factor>({
      name: 'factor_of_user',
      text: `select ${columns} from identity.factor where user_id = $1 and confirmed_at is not null order by created_at, id`,
      values: [userId],
    });
  }

  async totpsOf(userId: string): Promise<StoredTotp[]> {
    return await this.#queries.read<StoredTotp>({
      name: 'factor_totps',
      text: `select id, sealed_secret as sealed from identity.factor where user_id = $1 and kind = 'totp' and confirmed_at is not null`,
      values: [userId],
    });
  }

  async credentialsOf(userId: string): Promise<Credential[]> {
    const rows = await this.#queries.read<{ id: string; publicKey: Buffer; counter: string; transports: string[] | null }>({
      name: 'factor_credentials',
      text: `
        select credential_id as id, public_key as "publicKey", counter::text, transports from identity.factor
        where user_id = $1 and kind = 'passkey' order by created_at, id`,
      values: [userId],
    });
    return rows.map(({ counter, transports, ...row }) => ({ ...row, counter: Number(counter), transports: transports ?? [] }));
  }

  /** Marks the step of a right code as used; false if it, or a later one, was used before. */
  async useStep(id: string, step: number): Promise<boolean> {
    const rows = await this.#queries.write({
      name: 'factor_use_step',
      text: `
        update identity.factor set last_step = $2, last_used_at = clock_timestamp()
        where id = $1 and confirmed_at is not null and coalesce(last_step, -1) < $2 returning id`,
      values: [id, step],
    });
    return rows.length > 0;
  }

  /** Moves the counter of a passkey on; false if it did not advance. An authenticator without a counter always sends zero. */
  async useCounter(userId: string, credentialId: string, counter: number): Promise<boolean> {
    const rows = await this.#queries.write({
      name: 'factor_use_counter',
      text: `
        update identity.factor set counter = $3, last_used_at = clock_timestamp()
        where user_id = $1 and credential_id = $2 and (counter < $3 or (counter = 0 and $3 = 0)) returning id`,
      values: [userId, credentialId, counter],
    });
    return rows.length > 0;
  }

  /** Begins the enrolment of a TOTP; an earlier one that was not confirmed ends. */
  async beginTotp(totp: { readonly id: string; readonly userId: string; readonly name: string; readonly sealed: Buffer }): Promise<void> {
    await this.#queries.write({
      name: 'factor_begin_totp',
      text: `
        with earlier as (delete from identity.factor where user_id = $2 and confirmed_at is null)
        insert into identity.factor (id, user_id, kind, name, sealed_secret) values ($1, $2, 'totp', $3, $4)`,
      values: [totp.id, totp.userId, totp.name, totp.sealed],
    });
  }

  async unconfirmedTotp(userId: string, id: string): Promise<StoredTotp | null> {
    const rows = await this.#queries.read<StoredTotp>({
      name: 'factor_unconfirmed',
      text: `
        select id, sealed_secret as sealed from identity.factor
        where user_id = $1 and id = $2 and confirmed_at is null and created_at > clock_timestamp() - interval '${enrolmentMinutes} minutes'`,
      values: [userId, id],
    });
    return rows[0] ?? null;
  }

  /** TOTP secrets that another key than this one sealed, with their owners; in the order of their ids, after this one. */
  async sealedByOthers(keyId: Buffer, after: string, limit: number): Promise<(StoredTotp & { readonly userId: string })[]> {
    return await this.#queries.read({
      name: 'factor_sealed_by_others',
      text: `
        select id, user_id as "userId", sealed_secret as sealed from identity.factor
        where kind = 'totp' and substring(sealed_secret from 1 for 4) <> $1 and id > $2 order by id limit $3`,
      values: [keyId, after, limit],
    });
  }

  async replaceSeal({ id, sealed }: StoredTotp, next: Buffer): Promise<void> {
    await this.#queries.write({
      name: 'factor_replace_seal',
      text: 'update identity.factor set sealed_secret = $3 where id = $1 and sealed_secret = $2',
      values: [id, sealed, next],
    });
  }
}

/** Locks a user, so that two changes of the user's factors do not meet; null if there is no such user. */
export async function lockUser(client: pg.PoolClient, userId: string): Promise<{ readonly role: Role } | null> {
  const { rows } = await client.query<{ role: Role }>(
    "select role from identity.users where id = $1 and status = 'active' and deleted_at is null for update",
    [userId],
  );
  return rows[0] ?? null;
}

export async function countFactors(client: pg.PoolClient, userId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::integer as count from identity.factor where user_id = $1 and confirmed_at is not null',
    [userId],
  );
  return rows[0]?.count ?? 0;
}

/** Whether it is the only factor that the user can prove. */
export async function isLastFactor(client: pg.PoolClient, userId: string, id: string): Promise<boolean> {
  const { rows } = await client.query<{ id: string }>(
    'select id from identity.factor where user_id = $1 and confirmed_at is not null limit 2',
    [userId],
  );
  return rows.length === 1 && rows[0]?.id === id;
}

/** Null if it was confirmed before. */
export async function confirmTotp(client: pg.PoolClient, id: string, step: number): Promise<Factor | null> {
  const { rows } = await client.query<Factor>(
    `update identity.factor set confirmed_at = clock_timestamp(), last_used_at = clock_timestamp(), last_step = $2
     where id = $1 and confirmed_at is null returning ${columns}`,
    [id, step],
  );
  return rows[0] ?? null;
}

/** Null if some user has this credential already. */
export async function insertPasskey(
  client: pg.PoolClient,
  passkey: { readonly id: string; readonly userId: string; readonly name: string; readonly credential: Credential },
): Promise<Factor | null> {
  const { id, publicKey, counter, transports } = passkey.credential;
  const { rows } = await client.query<Factor>(
    `insert into identity.factor (id, user_id, kind, name, credential_id, public_key, counter, transports, confirmed_at)
     values ($1, $2, 'passkey', $3, $4, $5, $6, $7, clock_timestamp()) on conflict do nothing returning ${columns}`,
    [passkey.id, passkey.userId, passkey.name, id, publicKey, counter, transports],
  );
  return rows[0] ?? null;
}

/** `confirmed`: false for an enrolment in progress. Null if the user has no such factor. */
export async function deleteFactor(
  client: pg.PoolClient,
  userId: string,
  id: string,
): Promise<{ readonly kind: string; readonly confirmed: boolean } | null> {
  const { rows } = await client.query<{ kind: string; confirmed: boolean }>(
    'delete from identity.factor where user_id = $1 and id = $2 returning kind, confirmed_at is not null as confirmed',
    [userId, id],
  );
  return rows[0] ?? null;
}

/** Removes everything by which a user could prove a second factor. */
export async function deleteFactors(client: pg.PoolClient, userId: string): Promise<void> {
  for (const table of ['factor', 'recovery_code', 'challenge'])
    await client.query(`delete from identity.${table} where user_id = $1`, [userId]);
}

export async function replaceRecoveryCodes(client: pg.PoolClient, userId: string, hashes: readonly Buffer[]): Promise<void> {
  await client.query('delete from identity.recovery_code where user_id = $1', [userId]);
  await client.query('insert into identity.recovery_code (user_id, hash) select $1, unnest($2::bytea[])', [userId, hashes]);
}

/** False if the user has no such code. */
export async function useRecoveryCode(client: pg.PoolClient, userId: string, hash: Buffer): Promise<boolean> {
  const { rows } = await client.query('delete from identity.recovery_code where user_id = $1 and hash = $2 returning user_id', [
    userId,
    hash,
  ]);
  return rows.length > 0;
}

/** The session has proved the new factor; with the user's first one, the others end: they have proved none. */
export async function raiseSession(client: pg.PoolClient, userId: string, sessionId: string, endOthers: boolean): Promise<void> {
  await client.query(
    'update identity.session set proved_at = clock_timestamp(), second_factor_at = clock_timestamp() where user_id = $1 and id = $2',
    [userId, sessionId],
  );
  if (!endOthers) return;
  await client.query('update identity.session set ended_at = clock_timestamp() where user_id = $1 and id <> $2 and ended_at is null', [
    userId,
    sessionId,
  ]);
}
