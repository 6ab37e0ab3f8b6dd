/** Data keys, one for each owner, wrapped with the operator's key. Deleting one makes unreadable what it has encrypted, in every copy. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { BatchedReader } from '../database/index.ts';
import { assert, OperatorError, Seal } from '../kernel/index.ts';
import { dataKeyOf } from './envelope.ts';
import type { DataKey, KeyState } from './envelope.ts';

/** Wallets without an owner have the key of the ledger, which no erasure deletes. An owner is a UUID, so no owner has this name. */
const ledgersOwn = '$ledger';
const dataKeyBytes = 32;
/** For this long after an erasure, a process may still open what the owner's key has encrypted. */
const cachedMs = 30_000;
const cachedMax = 10_000;
const rowsAtOnce = 500;

export type DataKeysOptions = {
  readonly pool: pg.Pool;
  /** The operator's key, and the one before it. */
  readonly secret: Buffer;
  readonly previous?: Buffer | undefined;
  /** In milliseconds, from any beginning. */
  readonly nowMs?: () => number;
};

type Row = { readonly owner: string; readonly wrapped: Buffer | null };
type Cached = { readonly key: DataKey | 'erased'; readonly untilMs: number };

export class DataKeys {
  readonly #pool: pg.Pool;
  readonly #seal: Seal;
  readonly #nowMs: () => number;
  readonly #cached = new Map<string, Cached>();
  readonly #rows: BatchedReader<Row>;

  constructor({ pool, secret, previous, nowMs = () => performance.now() }: DataKeysOptions) {
    this.#pool = pool;
    this.#seal = new Seal({ what: 'data keys', secret, previous });
    this.#nowMs = nowMs;
    this.#rows = new BatchedReader(async (owners) => await this.#select(owners));
  }

  /** Returns the owner's key, and creates it if it does not exist yet. Processes that create it at the same time agree on one key. */
  async forSealing(owner: string | null): Promise<{ readonly name: string; readonly key: DataKey | 'erased' }> {
    const name = owner ?? ledgersOwn;
    const found = (await this.#find(name)) ?? (await this.#create(name));
    if (found === 'unreadable')
      throw new OperatorError(
        'COFFER_DATA_KEY does not open the key of an owner, which another process has created.',
        'Give every process the same COFFER_DATA_KEY and COFFER_DATA_KEY_PREVIOUS, and restart them.',
      );
    return { name, key: found };
  }

  /** Creates none: what no key opens any more is erased. */
  async forOpening(names: readonly string[]): Promise<ReadonlyMap<string, KeyState>> {
    const wanted = [...new Set(names)];
    const found = await Promise.all(wanted.map(async (name) => [name, (await this.#find(name)) ?? 'erased'] as const));
    return new Map(found);
  }

  /**
   * Wraps keys that the previous secret has wrapped with the current one; safe beside other processes. `unreadable`: how many neither opens.
   */
  async rewrap(): Promise<{ readonly rewrapped: number; readonly unreadable: number }> {
    let [rewrapped, unreadable, after] = [0, 0, ''];
    for (;;) {
      const { rows } = await this.#pool.query<Row>(
        `select owner, wrapped from metadata.data_key
         where wrapped is not null and substring(wrapped from 1 for 4) <> $1 and owner > $2 order by owner limit $3`,
        [this.#seal.currentId, after, rowsAtOnce],
      );
      const replacements = rows.flatMap(({ owner, wrapped }) => {
        const secret = wrapped && this.#seal.open(wrapped, owner);
        return secret ? [{ owner, wrapped, next: this.#seal.seal(secret, owner) }] : [];
      });
      unreadable += rows.length - replacements.length;
      rewrapped += await this.#replace(replacements);
      after = rows.at(-1)?.owner ?? after;
      if (rows.length < rowsAtOnce) return { rewrapped, unreadable };
    }
  }

  /** Leaves alone what was erased or replaced in the meantime. */
  async #replace(replacements: readonly { readonly owner: string; readonly wrapped: Buffer; readonly next: Buffer }[]): Promise<number> {
    if (replacements.length === 0) return 0;
    const { rowCount } = await this.#pool.query(
      `update metadata.data_key k set wrapped = r.next from unnest($1::text[], $2::bytea[], $3::bytea[]) r (owner, wrapped, next)
       where k.owner = r.owner and k.wrapped = r.wrapped`,
      [replacements.map(({ owner }) => owner), replacements.map(({ wrapped }) => wrapped), replacements.map(({ next }) => next)],
    );
    return rowCount ?? 0;
  }

  /** Null when the owner never had one. An absence is not cached. */
  async #find(owner: string): Promise<KeyState | null> {
    const cached = this.#cached.get(owner);
    if (cached && cached.untilMs > this.#nowMs()) return cached.key;
    const row = await this.#rows.read(owner);
    if (!row) return null;
    const key = this.#unwrapped(row);
    if (key !== 'unreadable') this.#remember(owner, key);
    return key;
  }

  async #create(owner: string): Promise<KeyState> {
    await this.#pool.query({
      name: 'create_data_key',
      text: 'insert into metadata.data_key (owner, wrapped) values ($1, $2) on conflict do nothing',
      values: [owner, this.#seal.seal(randomBytes(dataKeyBytes), owner)],
    });
    const created = await this.#find(owner);
    assert(created !== null, 'data keys are never removed: an erased one leaves its row');
    return created;
  }

  async #select(owners: readonly string[]): Promise<ReadonlyMap<string, Row>> {
    const { rows } = await this.#pool.query<Row>({
      name: 'data_keys',
      text: 'select owner, wrapped from metadata.data_key where owner = any ($1)',
      values: [owners],
    });
    return new Map(rows.map((row) => [row.owner, row]));
  }

  #unwrapped({ owner, wrapped }: Row): KeyState {
    if (wrapped === null) return 'erased';
    const secret = this.#seal.open(wrapped, owner);
    return secret ? dataKeyOf(secret) : 'unreadable';
  }

  #remember(owner: string, key: DataKey | 'erased'): void {
    this.#cached.delete(owner);
    const [oldest] = this.#cached.size >= cachedMax ? this.#cached.keys() : [];
    if (oldest !== undefined) this.#cached.delete(oldest);
    this.#cached.set(owner, { key, untilMs: this.#nowMs() + cachedMs });
  }
}

/** How many keys there are that are not erased. */
export async function countDataKeys(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select count(*)::integer as count from metadata.data_key where wrapped is not null',
  );
  return rows[0]?.count ?? 0;
}

/** Deletes the owner's key for good: there will not be another. */
export async function eraseDataKey(client: Pick<pg.ClientBase, 'query'>, owner: string): Promise<void> {
  await client.query('select metadata.erase_key($1)', [owner]);
}
