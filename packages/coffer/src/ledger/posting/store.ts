/** The posting path's SQL, on three connections of its own: one posts, one looks up ahead of it, one moves the newest entries behind it. */
import pg from 'pg';
import { connectClient, connectionConfig } from '../../database/index.ts';
import type { SessionSettings } from '../../database/index.ts';
import { assert } from '../../kernel/index.ts';
import type { SealedBatch } from '../chain/chain.ts';
import { declaredAccount, declaredAsset, declaredLedger, gapOf } from '../chain/declarations.ts';
import type { Gap } from '../chain/epochs.ts';
import type { DeclaredAsset } from '../chain/declarations.ts';
import { chainFormat, entryColumns } from '../columns.ts';
import { chartText } from '../chart/chart.ts';
import type { ChartAccount } from '../chart/chart.ts';
import { namedId } from '../rules/accounts.ts';
import type { ClockReading } from './clock.ts';
import type { DefinitionsRead } from './state.ts';
import type { KnownNewest } from './newest.ts';
import { accountColumns, accountFromRow, entryFromRow, entrySelection, entrySides } from '../reading/rows.ts';
import type { AccountRow, EntryRow } from '../reading/rows.ts';
import { traits } from '../rules/types.ts';
import type { Account, Hold, Original, RecordedEntry } from '../rules/types.ts';

/** The end of a book's log: the next batch follows it or is refused. */
export type Head = {
  readonly batchNo: number;
  readonly lastSeq: number;
  readonly hash: Buffer;
  readonly recordedAt: Date;
};

/** An account with its earliest expiry after now; and, unless it has none, one of its expired holds. */
export type DueRow = { readonly account: number; readonly next_at: Date | null } & (
  | { readonly seq: null }
  | { readonly seq: number; readonly amount: bigint; readonly left: bigint; readonly expires_at: Date }
);

/**
 * Plans that do not depend on statistics. A look-up by key that was prepared on empty tables got a plan that scanned the whole table once
 * it had filled (3,500 transfers/s until autovacuum ran). With these off, each look-up is an index probe from the first row.
 */
export const planSettings: SessionSettings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  enable_memoize: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
  statement_timeout: '20s',
};

/** A batch's header has 9 parameters, a declaration 2 columns, an opening 7. */
const postParameters = 9 + 2 + 7 + entryColumns.length;

/** The kinds whose amounts count towards limits. */
const spentKinds = Object.entries(traits)
  .flatMap(([kind, { countsAsSpent }]) => (countsAsSpent ? [`'${kind}'`] : []))
  .join(', ');

/** By the name they are prepared under. The tests check their plans. */
export const statements = {
  head: `
    select b.batch_no, b.last_seq, b.hash, b.recorded_at,
      (select coalesce(max(a.number), 0) + 1 from ledger.account a where a.book = $1) as next_account
    from ledger.batch b where b.book = $1 order by b.batch_no desc limit 1`,
  // With a synchronous standby, also a commit: it shows whether the standby confirms what is posted.
  clock: `
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms,
      (select (extract(epoch from b.recorded_at) * 1000)::bigint from ledger.batch b where b.book = $1 order by b.batch_no desc limit 1) as end_ms,
      case when current_setting('synchronous_standby_names') <> '' then pg_catalog.pg_logical_emit_message(true, 'coffer', '') end`,
  sharedKeys: 'select k.until_seq from ledger.shared_keys k where k.book = $1',
  undeclaredLedger: `
    select i.id, (extract(epoch from b.created_at) * 1000000)::bigint as opened_us
    from ledger.book b join ledger.batch g on g.book = $1 and g.batch_no = 0 cross join ledger.identity i
    where b.book = $1 and g.format < 3 and not exists (select 1 from ledger.declaration d where d.book = $1 and d.kind = 'ledger')`,
  // Declarations from before assets had versions declare version 0, so the current one follows.
  assets: `
    select a.id, a.code, a.scale, a.name, a.kind, a.retired, a.version,
      coalesce((
        select max(coalesce((d.body ->> 'version')::integer, 0)) from ledger.declaration d
        where d.book = $1 and d.kind = 'asset' and (d.body ->> 'id')::integer = a.id), 0) as declared
    from ledger.current_asset a order by a.id`,
  chart: chartText,
  declaredAccounts: `
    select d.body ->> 'id' as id, max((d.body ->> 'version')::integer) as version
    from ledger.declaration d where d.book = $1 and d.kind = 'account' group by d.body ->> 'id'`,
  batchHash: `select encode(b.hash, 'hex') as hash from ledger.batch b where b.book = $1 and b.batch_no = $2`,
  epochs: `select d.body::text as body from ledger.declaration d where d.book = $1 and d.kind = 'epoch'`,
  systemAccounts: `
    select ${accountColumns}
    from (select array_agg(a.number) as accounts from ledger.account a where a.book = $1 and a.kind not in ('wallet', 'named')) systems
    cross join lateral ledger.balances_of($1, systems.accounts, 0, null) b`,
  wallets: `
    select ${accountColumns}
    from (
      select array_agg(a.number) as accounts, array_agg(wanted.seq) as known
      from unnest($2::text[], $3::bigint[]) as wanted (id, seq) join ledger.account a on a.book = $1 and a.id = wanted.id
    ) asked
    cross join lateral ledger.balances_of($1, asked.accounts, $4, asked.known) b`,
  outcomes: `
    select wanted.at, ${entrySelection}
    from unnest($2::bigint[], $3::text[]) with ordinality as wanted (scope, key, at)
    cross join lateral (select * from ledger.entry e where e.book = $1 and e.scope = wanted.scope and e.key = wanted.key) e
    ${entrySides}`,
  holds: `
    select h.seq, a.id as wallet, h.amount, newest.hold_left as left, h.expires_at
    from unnest($2::bigint[]) as wanted (seq)
    cross join lateral (select * from ledger.entry e where e.book = $1 and e.seq = wanted.seq and e.hold = e.seq limit 1) h
    join ledger.account a on a.book = $1 and a.number = h.debit_account
    cross join lateral (
      select n.hold_left from ledger.entry n where n.book = $1 and n.hold = wanted.seq order by n.debit_version desc limit 1) newest`,
  // No open hold of the account expires before the given moment, so the resolved ones before it are not read.
  due: `
    select wanted.account, after.expires_at as next_at, h.seq, h.amount, h.left, h.expires_at
    from unnest($2::bigint[], $3::timestamptz[]) as wanted (account, not_before)
    left join lateral (
      select e.expires_at from ledger.entry e
      where e.book = $1 and e.debit_account = wanted.account and e.hold = e.seq and e.expires_at > $4 order by e.expires_at limit 1
    ) after on true
    left join lateral (
      select e.seq, e.amount, e.expires_at,
        (select n.hold_left from ledger.entry n where n.book = $1 and n.hold = e.seq order by n.debit_version desc limit 1) as left
      from ledger.entry e
      where e.book = $1 and e.debit_account = wanted.account and e.hold = e.seq
        and e.expires_at >= wanted.not_before and e.expires_at <= $4
      offset 0
    ) h on h.left > 0
    order by h.expires_at, h.seq`,
  originals: `
    select ${entrySelection}, coalesce((
      select r.reversed from ledger.entry r where r.book = $1 and r.reverses = wanted.seq order by r.reversed desc limit 1), 0) as reversed_by_now
    from unnest($2::bigint[]) as wanted (seq)
    cross join lateral (select * from ledger.entry x where x.book = $1 and x.seq = wanted.seq limit 1) e
    ${entrySides}`,
  spent: `
    select coalesce(sum(e.amount) filter (where e.recorded_at >= $3), 0) as day, coalesce(sum(e.amount), 0) as month
    from ledger.account_entries(
      $1, $2, null, coalesce(ledger.version_at($1, $2, ledger.seq_at($1, $4::timestamptz - interval '1 microsecond')), 0) + 1, null) of_account
    join ledger.entry e on e.book = $1 and e.seq = of_account.seq
    where of_account.is_debit and e.recorded_at >= $4 and e.kind in (${spentKinds})`,
  moveNewest: 'select ledger.move_newest($1, $2) as until',
  post: `select ledger.post_batch(${Array.from({ length: postParameters }, (_, at) => `$${at + 1}`).join(', ')}) as now_us`,
} as const;

export class BookStore {
  readonly #book: number;
  readonly #posting: pg.Client;
  readonly #reading: pg.Client;
  readonly #moving: pg.Client;

  private constructor(book: number, posting: pg.Client, reading: pg.Client, moving: pg.Client) {
    this.#book = book;
    this.#posting = posting;
    this.#reading = reading;
    this.#moving = moving;
  }

  /** Connects. `onBroken` is called when an idle connection ends. */
  static async connect(url: string, book: number, onBroken: (failure: Error) => void): Promise<BookStore> {
    const clients = ['posting', 'looking up', 'moving'].map(
      (role) =>
        new pg.Client(
          connectionConfig(url, {
            applicationName: `coffer book ${book} ${role}`,
            settings: planSettings,
            pipeline: true,
            connectTimeoutMs: 5_000,
            // Gives up on a server that hangs without closing the connection; this is an outage like any other.
            queryTimeoutMs: 30_000,
          }),
        ),
    );
    for (const client of clients) client.on('error', onBroken);
    try {
      await Promise.all(clients.map((client) => connectClient(client, planSettings)));
    } catch (failure) {
      for (const client of clients) void client.end().catch(() => undefined);
      throw failure;
    }
    const [posting, reading, moving] = clients;
    assert(posting && reading && moving, 'three connections');
    return new BookStore(book, posting, reading, moving);
  }

  async head(): Promise<{ head: Head; nextAccountNumber: number }> {
    const { rows } = await this.#run<{
      batch_no: number;
      last_seq: number;
      hash: Buffer;
      recorded_at: Date;
      next_account: number;
    }>(this.#reading, 'head', [this.#book]);
    const [row] = rows;
    assert(row, `book ${this.#book} has been opened`);
    return {
      head: {
        batchNo: row.batch_no,
        lastSeq: row.last_seq,
        hash: row.hash,
        recordedAt: row.recorded_at,
      },
      nextAccountNumber: row.next_account,
    };
  }

  async clock(): Promise<ClockReading> {
    const { rows } = await this.#run<{ now_ms: number; end_ms: number }>(this.#reading, 'clock', [this.#book]);
    assert(rows[0], 'the clock query returns a row');
    return { databaseMs: rows[0].now_ms, logEndMs: rows[0].end_ms };
  }

  /**
   * Assets and accounts, each in one reading, so that a batch declares every one as it was decided with. The ledger is declared if the book's
   * first hash does not name it.
   */
  async definitions(): Promise<DefinitionsRead> {
    const [ledger, assets, chart, declared] = await Promise.all([
      this.#run<{ id: string; opened_us: number }>(this.#reading, 'undeclaredLedger', [this.#book]),
      this.#run<Required<DeclaredAsset> & { declared: number }>(this.#reading, 'assets', [this.#book]),
      this.#run<ChartAccount>(this.#reading, 'chart', []),
      this.#run<{ id: string; version: number }>(this.#reading, 'declaredAccounts', [this.#book]),
    ]);
    const versions = new Map(declared.rows.map(({ id, version }) => [id, version]));
    const isDeclared = ({ id, version }: ChartAccount) => (versions.get(id) ?? 0) >= version;
    return {
      known: new Set(assets.rows.map(({ id }) => id)),
      retired: new Set(assets.rows.flatMap(({ id, retired }) => (retired ? [id] : []))),
      named: new Map(chart.rows.map(({ id, asset, floor }) => [namedId(id), { asset, floor }])),
      undeclared: [
        ...ledger.rows.map(({ id, opened_us }) => declaredLedger(id, opened_us)),
        ...assets.rows.filter(({ version, declared }) => declared < version).map(declaredAsset),
        ...chart.rows
          .filter((account) => !isDeclared(account))
          .map(({ floor, ...account }) => declaredAccount({ ...account, floor: floor === null ? null : String(floor) })),
      ],
    };
  }

  /** Until which seq the log has keys without a keyspace; 0: it has none. */
  async sharedKeysUntil(): Promise<number> {
    const { rows } = await this.#run<{ until_seq: number }>(this.#reading, 'sharedKeys', [this.#book]);
    return rows[0]?.until_seq ?? 0;
  }

  /** The hash of a batch, in hex; null: there is no such batch. */
  async hashOf(batchNo: number): Promise<string | null> {
    const { rows } = await this.#run<{ hash: string }>(this.#reading, 'batchHash', [this.#book, batchNo]);
    return rows[0]?.hash ?? null;
  }

  /** The ends of the log that operators gave up. */
  async gaps(): Promise<Gap[]> {
    const { rows } = await this.#run<{ body: string }>(this.#reading, 'epochs', [this.#book]);
    return rows.map(({ body }) => gapOf(body));
  }

  /** Moves `ledger.newest` along the log by at most `most` entries; returns how far it is. */
  async moveNewest(most: number): Promise<number> {
    const { rows } = await this.#run<{ until: number }>(this.#moving, 'moveNewest', [this.#book, most]);
    assert(rows[0], 'the moving function returns a row');
    return rows[0].until;
  }

  async systemAccounts(): Promise<Account[]> {
    const { rows } = await this.#run<AccountRow>(this.#reading, 'systemAccounts', [this.#book]);
    return rows.map(accountFromRow);
  }

  async wallets(ids: readonly string[], known: KnownNewest): Promise<Account[]> {
    const seqs = ids.map((id) => known.of(id) ?? null);
    const { rows } = await this.#run<AccountRow>(this.#reading, 'wallets', [this.#book, ids, seqs, known.until]);
    return rows.map(accountFromRow);
  }

  /** What keys were used for: the entry of each used key, with its index (from 1) in the request. */
  async outcomes(scopes: readonly number[], keys: readonly string[]): Promise<{ at: number; entry: RecordedEntry }[]> {
    const { rows } = await this.#run<EntryRow & { at: number }>(this.#reading, 'outcomes', [this.#book, scopes, keys]);
    return rows.map((row) => ({ at: row.at, entry: entryFromRow(row) }));
  }

  async holds(seqs: readonly number[]): Promise<Hold[]> {
    const { rows } = await this.#run<Omit<Hold, 'expiresAt'> & { expires_at: Date | null }>(this.#reading, 'holds', [this.#book, seqs]);
    return rows.map(({ expires_at: expiresAt, ...hold }) => ({ ...hold, expiresAt }));
  }

  /** The open holds that have expired, oldest first, and the earliest later expiry of each account. */
  async due(accounts: readonly number[], notBefore: readonly Date[], now: Date): Promise<DueRow[]> {
    const { rows } = await this.#run<DueRow>(this.#reading, 'due', [this.#book, accounts, notBefore, now]);
    return rows;
  }

  async originals(seqs: readonly number[]): Promise<Original[]> {
    const { rows } = await this.#run<EntryRow & { reversed_by_now: bigint }>(this.#reading, 'originals', [this.#book, seqs]);
    return rows.map((row) => ({ entry: entryFromRow(row), reversed: row.reversed_by_now }));
  }

  /** What left an account since two moments: see spending.ts. */
  async spent(account: number, dayFrom: Date, monthFrom: Date): Promise<{ day: bigint; month: bigint }> {
    const { rows } = await this.#run<{ day: bigint; month: bigint }>(this.#reading, 'spent', [this.#book, account, dayFrom, monthFrom]);
    assert(rows[0], 'a sum returns a row');
    return rows[0];
  }

  /** Posts a batch under a term of the book and commits it. Returns the database's clock, or null when the fence did not hold. */
  async post({ header, previousHash, hash, count, columns }: SealedBatch, term: number): Promise<number | null> {
    const { rows } = await this.#run<{ now_us: number | null }>(this.#posting, 'post', [
      header.book,
      header.batchNo,
      previousHash,
      hash,
      chainFormat,
      header.firstSeq,
      count,
      header.recordedAt.getTime() * 1000,
      term,
      ...columns,
    ]);
    assert(rows[0], 'the posting function returns a row');
    return rows[0].now_us === null ? null : rows[0].now_us / 1000;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#posting.end(), this.#reading.end(), this.#moving.end()]);
  }

  #run<Row extends pg.QueryResultRow>(client: pg.Client, name: keyof typeof statements, values: unknown[]): Promise<pg.QueryResult<Row>> {
    return client.query<Row>({ name, text: statements[name], values });
  }
}
