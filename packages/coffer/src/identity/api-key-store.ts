/** The SQL of API keys. The database's clock decides whether a key is valid, the same for every process. */
import type pg from 'pg';
import { Queries } from './queries.ts';

export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Where requests may come from, in CIDR notation; null for anywhere. */
  readonly networks: readonly string[] | null;
  /** The key that created this one. */
  readonly parent: string | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly rotatedAt: Date | null;
  /** Until when the previous secret stays valid. */
  readonly previousExpiresAt: Date | null;
  readonly expiresAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
};

/** What an unexpired, unrevoked key is checked against; `previousHash` only while it is valid. */
type LivingKey = {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly networks: readonly string[] | null;
  readonly secretHash: Buffer;
  readonly previousHash: Buffer | null;
  readonly usedLately: boolean;
};

const columns = `id, name, scopes, networks, parent, created_at as "createdAt", created_by as "createdBy", rotated_at as "rotatedAt",
  previous_expires_at as "previousExpiresAt", expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`;
const living = 'revoked_at is null and (expires_at is null or expires_at > clock_timestamp())';
const keysMax = 1_000;

export class ApiKeyStore {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  /** `expiresAfterMs`: from now. Not longer than the parent lives; null if the parent lives no longer. */
  async insert(key: {
    readonly id: string;
    readonly name: string;
    readonly scopes: readonly string[];
    readonly secretHash: Buffer;
    readonly createdBy: string;
    readonly expiresAfterMs: number | null;
    readonly networks: readonly string[] | null;
    readonly parent: string | null;
  }): Promise<ApiKey | null> {
    const rows = await this.#queries.writeRecorded<ApiKey>(
      {
        name: 'api_key_insert',
        text: `
        with parent as (select expires_at from identity.api_key where id = $8 and ${living})
        insert into identity.api_key (id, name, scopes, secret_hash, created_by, expires_at, networks, parent)
        select $1, $2, $3, $4, $5,
          least(clock_timestamp() + $6::double precision * interval '1 millisecond', (select expires_at from parent)), $7, $8
        where $8::text is null or exists (select from parent)
        returning ${columns}`,
        values: [key.id, key.name, key.scopes, key.secretHash, key.createdBy, key.expiresAfterMs, key.networks, key.parent],
      },
      ([made]) => (made ? { kind: 'keys.create', subject: made.id, after: boundsOf(made) } : null),
    );
    return rows[0] ?? null;
  }

  async living(id: string): Promise<LivingKey | null> {
    const rows = await this.#queries.read<LivingKey>({
      name: 'api_key_living',
      text: `
        select name, scopes, networks, secret_hash as "secretHash",
          case when previous_expires_at > clock_timestamp() then previous_hash end as "previousHash",
          coalesce(last_used_at > clock_timestamp() - interval '1 minute', false) as "usedLately"
        from identity.api_key k where id = $1 and ${living}
          -- A child that was being created while its parent was revoked.
          and not exists (select from identity.api_key p where p.id = k.parent and p.revoked_at is not null)`,
      values: [id],
    });
    return rows[0] ?? null;
  }

  async noteUse(id: string): Promise<void> {
    await this.#queries.write({
      name: 'api_key_note_use',
      text: 'update identity.api_key set last_used_at = clock_timestamp() where id = $1',
      values: [id],
    });
  }

  async get(id: string): Promise<ApiKey | null> {
    const rows = await this.#queries.read<ApiKey>({
      name: 'api_key_get',
      text: `select ${columns} from identity.api_key where id = $1`,
      values: [id],
    });
    return rows[0] ?? null;
  }

  /** Whether a key is `ancestor`, or was created by it or by a key that descends from it. */
  async descends(id: string, ancestor: string): Promise<boolean> {
    const rows = await this.#queries.read({
      name: 'api_key_descends',
      text: `
        with recursive line as (
          select id, parent from identity.api_key where id = $1
          union
          select p.id, p.parent from identity.api_key p join line on p.id = line.parent
        )
        select from line where id = $2`,
      values: [id, ancestor],
    });
    return rows.length > 0;
  }

  /** Newest first. */
  async all(): Promise<ApiKey[]> {
    return await this.#queries.read<ApiKey>({
      name: 'api_key_all',
      text: `select ${columns} from identity.api_key order by created_at desc, id limit $1`,
      values: [keysMax],
    });
  }

  /** The current secret becomes the previous one; an older one ends. Null if there is no valid key. */
  async rotate(id: string, secretHash: Buffer, previousForMs: number): Promise<ApiKey | null> {
    const rows = await this.#queries.writeRecorded<ApiKey>(
      {
        name: 'api_key_rotate',
        text: `
        update identity.api_key set
          previous_hash = secret_hash,
          previous_expires_at = clock_timestamp() + $3::double precision * interval '1 millisecond',
          secret_hash = $2,
          rotated_at = clock_timestamp()
        where id = $1 and ${living}
        returning ${columns}`,
        values: [id, secretHash, previousForMs],
      },
      ([rotated]) => (rotated ? { kind: 'keys.rotate', subject: id, after: { previousExpiresAt: rotated.previousExpiresAt } } : null),
    );
    return rows[0] ?? null;
  }

  /** Also revokes the keys that descend from it. Null if there is no such key, or it is revoked already. */
  async revoke(id: string): Promise<ApiKey | null> {
    const rows = await this.#queries.writeRecorded<ApiKey>(
      {
        name: 'api_key_revoke',
        text: `
        with recursive affected as (
          select id from identity.api_key where id = $1 and revoked_at is null
          union
          select child.id from identity.api_key child join affected on child.parent = affected.id
        )
        update identity.api_key set revoked_at = clock_timestamp()
        where id in (select id from affected) and revoked_at is null returning ${columns}`,
        values: [id],
      },
      // With those that descend from it.
      (revoked) => (revoked.length > 0 ? { kind: 'keys.revoke', subject: id, after: { revoked: revoked.map((key) => key.id) } } : null),
    );
    return rows.find((row) => row.id === id) ?? null;
  }
}

/** What a key may do: for the record of its creation. */
function boundsOf({ name, scopes, networks, parent, expiresAt }: ApiKey): object {
  return { name, scopes, networks, parent, expiresAt };
}
