/** Reads of committed state. Each is one statement, so its answer is one moment of the log. */
import { readGaps } from '../chain/declarations.ts';
import { isLost } from '../chain/epochs.ts';
import { begunText } from './begun.ts';
import type { BegunTransfer } from './begun.ts';
import { readEntryByKey } from './by-key.ts';
import type { Keyspace } from '../rules/keyspaces.ts';
import type pg from 'pg';
import { EventReader } from './events.ts';
import type { LedgerEvent } from './events.ts';
import { readHistory, readVersionAt } from './history.ts';
import type { Versions } from './history.ts';
import { decidedAt, expiredHolds } from './expired.ts';
import { accountColumns, accountFromRow, entryFromRow, entrySelection, entrySides } from './rows.ts';
import type { AccountRow, EntryRow } from './rows.ts';
import { BatchedReader } from '../../database/index.ts';
import { assert } from '../../kernel/index.ts';
import { usedBy } from '../rules/spending.ts';
import type { Account, EntryKind, Hold, RecordedEntry } from '../rules/types.ts';

/** An account as of the moment of the read. */
export type Balance = Account & {
  readonly book: number;
  readonly openedAt: Date;
  /** When the newest entry that names the account was recorded. */
  readonly updatedAt: Date;
  /** The end of the log at the moment of the read: the balance includes every answer with this `seq` or a smaller one. */
  readonly asOfSeq: number;
  /** What counts against the account's limits, if it has any: what left it today and this month, and what is held. */
  readonly used: { readonly day: bigint; readonly month: bigint } | null;
};

type BalanceRow = AccountRow & {
  book: number;
  opened_at: Date;
  recorded_at: Date;
  as_of_seq: number;
  /** Selected only for accounts with limits: their days and months follow the database's clock. */
  read_at: Date | null;
  /** Of holds that have expired and are not released yet: what is left of them, and how many there are. */
  expired_left: bigint;
  expired_count: number;
};

const balanceColumns = `${accountColumns}, b.book, b.opened_at, b.recorded_at,
  case when b.spent_day is not null then ${decidedAt} end as read_at, expired.left as expired_left, expired.count as expired_count,
  (select head.last_seq from ledger.batch head where head.book = $1 order by head.batch_no desc limit 1) as as_of_seq`;

/** A wallet's totals since its opening, in minor units. */
export type KindTotal = {
  readonly kind: EntryKind;
  readonly side: 'debit' | 'credit';
  /** Number of postings, which are entries between two accounts. */
  readonly count: number;
  readonly total: bigint;
  readonly lastAt: Date;
};

/** A hold as of the moment of the read. `expired`: it passed its expiry with something left, which counts as given back. */
export type HoldRead = { readonly hold: Hold; readonly entry: RecordedEntry; readonly captured: bigint; readonly expired: boolean };

export type HoldRow = EntryRow & { left_now: bigint; captured: bigint; expired: boolean };

export const holdColumns = `${entrySelection}, parts.left_now, parts.captured,
  parts.gave_back or (parts.left_now > 0 and coalesce(e.expires_at <= ${decidedAt}, false)) as expired`;

/** What is left of a hold only falls, so the minimum is the newest. */
export const holdParts = `
  cross join lateral (
    select min(n.hold_left) as left_now, coalesce(sum(n.amount) filter (where n.kind = 'capture'), 0) as captured,
      bool_or(n.kind = 'expire') as gave_back
    from ledger.entry n where n.book = $1 and n.hold = e.seq
  ) parts`;

/** An account at an earlier moment. */
export type PastBalance = { readonly balance: bigint; readonly held: bigint; readonly version: number };

export class BookReader {
  readonly eventLog: EventReader;
  readonly #book: number;
  readonly #pool: pg.Pool;
  readonly #releasedUntil: () => Date;
  readonly #balances: BatchedReader<Balance>;
  readonly #walletsOfHolds: BatchedReader<string>;

  /** `releasedUntil`: every hold that expired before this moment has been released; by default, none. */
  constructor(book: number, pool: pg.Pool, releasedUntil = () => new Date(0)) {
    this.eventLog = new EventReader(book, pool);
    this.#book = book;
    this.#pool = pool;
    this.#releasedUntil = releasedUntil;
    this.#balances = new BatchedReader((ids) => this.#readBalances(ids));
    this.#walletsOfHolds = new BatchedReader((seqs) => this.#readWalletsOfHolds(seqs));
  }

  /**
   * Null when there is no such account. Reads that arrive together share a query. With `onlyOwner`, null for an account of another owner.
   */
  async balance(id: string, onlyOwner?: string): Promise<Balance | null> {
    return onlyOwner === undefined ? await this.#balances.read(id) : await this.#balanceOfOwner(id, onlyOwner);
  }

  /** The owner's wallets, by asset number, after the given one. */
  async balancesOf(owner: string, afterAsset: number, limit: number): Promise<Balance[]> {
    const { rows } = await this.#pool.query<BalanceRow>({
      name: 'balances_of',
      text: `
        select ${balanceColumns}
        from (
          select array_agg(a.number) as accounts from (
            select w.number from ledger.account w where w.book = $1 and w.owner = $2 and w.asset > $3 order by w.asset limit $4) a
        ) asked
        cross join lateral ledger.balances_of($1, asked.accounts, 0, null) b ${expiredHolds('$5')}
        order by b.asset`,
      values: [this.#book, owner, afterAsset, limit, this.#releasedUntil()],
    });
    return rows.map(balanceFromRow);
  }

  /** Entries of an account, newest first, by its versions. */
  async history(account: number, versions: Versions): Promise<RecordedEntry[]> {
    return await readHistory(this.#pool, this.#book, account, versions);
  }

  /** An account's version at a moment; null when it was not open yet. */
  async versionAt(account: number, at: Date): Promise<number | null> {
    return await readVersionAt(this.#pool, this.#book, account, at);
  }

  /** With `onlyOwner`, null for an entry that this owner neither requested nor is a side of. */
  async entry(seq: number, onlyOwner?: string): Promise<RecordedEntry | null> {
    const { rows } = await this.#pool.query<EntryRow>({
      name: 'entry',
      text: `
        select ${entrySelection} from ledger.entry e ${entrySides}
        left join ledger.account asking on asking.book = $1 and asking.number = e.scope
        where e.book = $1 and e.seq = $2
          and ($3::text is null or asking.owner = $3 or d.owner = $3 or c.owner = $3)`,
      values: [this.#book, seq, onlyOwner],
    });
    return rows[0] ? entryFromRow(rows[0]) : null;
  }

  /** The entry for which the account used an idempotency key. */
  async entryByKey(account: number, key: string, keyspace: Keyspace): Promise<RecordedEntry | null> {
    return await readEntryByKey(this.#pool, this.#book, { account, key, keyspace });
  }

  /** A step of a transfer by saga, by its key. These keys are internal to the ledger, with one entry for each. */
  async sagaStep(key: string): Promise<RecordedEntry | null> {
    const { rows } = await this.#pool.query<EntryRow>({
      name: 'saga_step',
      text: `
        select ${entrySelection} from ledger.entry e ${entrySides}
        where e.book = $1 and e.key = $2 and e.kind in ('transfer_credit', 'transfer_complete', 'transfer_return')`,
      values: [this.#book, key],
    });
    return rows[0] ? entryFromRow(rows[0]) : null;
  }

  /** Transfers by saga that began after a seq, oldest first. */
  async transfersBegun(afterSeq: number, limit: number): Promise<BegunTransfer[]> {
    const { rows } = await this.#pool.query<{ seq: number; recorded_at: Date; has_ended: boolean; now: Date }>({
      name: 'transfers_begun',
      text: `select begun.*, clock_timestamp() as now from (${begunText}) begun`,
      values: [this.#book, afterSeq, limit],
    });
    return rows.map(({ seq, recorded_at: at, has_ended: hasEnded, now }) => ({ seq, ageMs: now.getTime() - at.getTime(), hasEnded }));
  }

  /** A hold and the entry that authorised it. With `onlyOwner`, null for a hold on a wallet of another owner. */
  async hold(seq: number, onlyOwner?: string): Promise<HoldRead | null> {
    const { rows } = await this.#pool.query<HoldRow>({
      name: 'hold',
      text: `
        select ${holdColumns} from ledger.entry e ${entrySides} ${holdParts}
        where e.book = $1 and e.seq = $2 and e.hold = e.seq and ($3::text is null or d.owner = $3)`,
      values: [this.#book, seq, onlyOwner],
    });
    return rows[0] ? holdFromRow(rows[0]) : null;
  }

  /** The wallet of a hold, which never changes; null when there is no such hold. Reads that arrive together share a query. */
  async walletOfHold(seq: number): Promise<string | null> {
    return await this.#walletsOfHolds.read(String(seq));
  }

  /** An account's holds, newest first, before the given one. `open`: only those that can still be captured. */
  async holdsOf(
    account: number,
    page: { readonly beforeSeq: number; readonly limit: number; readonly open: boolean },
  ): Promise<HoldRead[]> {
    const { rows } = await this.#pool.query<HoldRow>({
      name: 'holds_of',
      text: `
        select * from (
          select ${holdColumns} from ledger.entry e ${entrySides} ${holdParts}
          where e.book = $1 and e.debit_account = $2 and e.hold = e.seq and e.seq < $3
          order by e.seq desc
        ) held
        where not $5 or (held.left_now > 0 and not held.expired) limit $4`,
      values: [this.#book, account, page.beforeSeq, page.limit, page.open],
    });
    return rows.map(holdFromRow);
  }

  /** The entries of a hold in order: the hold itself, then captures, releases and expiry. */
  async entriesOfHold(seq: number): Promise<RecordedEntry[]> {
    const { rows } = await this.#pool.query<EntryRow>({
      name: 'entries_of_hold',
      text: `select ${entrySelection} from ledger.entry e ${entrySides} where e.book = $1 and e.hold = $2 order by e.debit_version`,
      values: [this.#book, seq],
    });
    return rows.map(entryFromRow);
  }

  /** The reversals of entries, those of each in order. */
  async reversalsOf(seqs: readonly number[]): Promise<RecordedEntry[]> {
    if (seqs.length === 0) return [];
    const { rows } = await this.#pool.query<EntryRow>({
      name: 'reversals_of',
      text: `select ${entrySelection} from ledger.entry e ${entrySides} where e.book = $1 and e.reverses = any ($2::bigint[]) order by e.reverses, e.reversed`,
      values: [this.#book, seqs],
    });
    return rows.map(entryFromRow);
  }

  /** The end of the log at a moment: the last seq recorded by then, 0 before the first. */
  async seqAt(at: Date): Promise<number> {
    const { rows } = await this.#pool.query<{ seq: number }>({
      name: 'seq_at',
      text: 'select ledger.seq_at($1, $2) as seq',
      values: [this.#book, at],
    });
    return rows[0]?.seq ?? 0;
  }

  /** An account's balance at a moment, by the time its entries were recorded; holds that had expired by then count as given back. Null when it was not open yet. */
  async balanceAt(account: number, at: Date): Promise<PastBalance | null> {
    const { rows } = await this.#pool.query<PastBalance>({
      name: 'balance_at',
      text: `
        select past.balance, past.held - expired.unreleased as held, past.version + expired.count as version
        from ledger.balance_at($1, $2, ledger.seq_at($1, $3)) past
        cross join lateral ledger.expired_at($1, $2, past.version, least($3, ${decidedAt})) expired`,
      values: [this.#book, account, at],
    });
    return rows[0] ?? null;
  }

  /** The same, by effective date. */
  async effectiveBalanceAt(account: number, at: Date): Promise<bigint | null> {
    const { rows } = await this.#pool.query<{ balance: bigint | null }>({
      name: 'effective_balance_at',
      text: 'select ledger.effective_balance_at($1, $2, $3) as balance',
      values: [this.#book, account, at],
    });
    return rows[0]?.balance ?? null;
  }

  /** Totals of the entries after one version of the account up to another; reads that many entries. */
  async totals(account: number, { after, until }: { readonly after: number; readonly until: number }): Promise<KindTotal[]> {
    const { rows } = await this.#pool.query<{
      kind: EntryKind;
      side: 'debit' | 'credit';
      count: number;
      total: bigint;
      last_at: Date;
    }>({
      name: 'totals',
      text: `
        select e.kind, case when of_account.is_debit then 'debit' else 'credit' end as side,
          count(case when of_account.is_debit then e.credit_account else e.debit_account end) as count,
          coalesce(sum(e.amount), 0) as total, max(e.recorded_at) as last_at
        from ledger.account_entries($1, $2, $4, $3::bigint + 1, null) of_account
        join ledger.entry e on e.book = $1 and e.seq = of_account.seq
        group by e.kind, of_account.is_debit`,
      values: [this.#book, account, after, until],
    });
    return rows.map(({ kind, side, count, total, last_at }) => ({
      kind,
      side,
      count,
      total,
      lastAt: last_at,
    }));
  }

  /** The current end of the log. */
  async lastSeq(): Promise<number> {
    const { rows } = await this.#pool.query<{ last_seq: number }>({
      name: 'last_seq',
      text: 'select last_seq from ledger.batch where book = $1 order by batch_no desc limit 1',
      values: [this.#book],
    });
    return rows[0]?.last_seq ?? 0;
  }

  /** A position itself if it is in the log; else the last one before it: the end of the log, or where a lost end began. */
  async within(seq: number): Promise<number> {
    const gaps = await readGaps(this.#pool, this.#book);
    const lost = gaps.filter((gap) => isLost(seq, [gap]));
    return Math.min(seq, await this.lastSeq(), ...lost.map(({ after }) => after));
  }

  /** Events after a position, oldest first. */
  async events(afterSeq: number, afterPart: number, limit: number): Promise<LedgerEvent[]> {
    return await this.eventLog.after(afterSeq, afterPart, limit);
  }

  async #balanceOfOwner(id: string, owner: string): Promise<Balance | null> {
    const { rows } = await this.#pool.query<BalanceRow>({
      name: 'balance_of_owner',
      text: `
        select ${balanceColumns}
        from ledger.account a cross join lateral ledger.balances_of($1, array[a.number], 0, null) b ${expiredHolds('$4')}
        where a.book = $1 and a.id = $2 and a.owner = $3`,
      values: [this.#book, id, owner, this.#releasedUntil()],
    });
    return rows[0] ? balanceFromRow(rows[0]) : null;
  }

  async #readBalances(ids: readonly string[]): Promise<Map<string, Balance>> {
    const { rows } = await this.#pool.query<BalanceRow>({
      name: 'balances',
      text: `
        select ${balanceColumns}
        from (
          select array_agg(a.number) as accounts
          from unnest($2::text[]) as wanted (id) join ledger.account a on a.book = $1 and a.id = wanted.id
        ) asked
        cross join lateral ledger.balances_of($1, asked.accounts, 0, null) b ${expiredHolds('$3')}`,
      values: [this.#book, ids, this.#releasedUntil()],
    });
    return new Map(rows.map((row) => [row.id, balanceFromRow(row)]));
  }

  async #readWalletsOfHolds(seqs: readonly string[]): Promise<Map<string, string>> {
    const { rows } = await this.#pool.query<{ seq: number; wallet: string }>({
      name: 'wallets_of_holds',
      text: `
        select h.seq, a.id as wallet
        from unnest($2::bigint[]) as wanted (seq)
        cross join lateral (select * from ledger.entry e where e.book = $1 and e.seq = wanted.seq and e.hold = e.seq limit 1) h
        join ledger.account a on a.book = $1 and a.number = h.debit_account`,
      values: [this.#book, seqs],
    });
    return new Map(rows.map(({ seq, wallet }) => [String(seq), wallet]));
  }
}

function balanceFromRow(row: BalanceRow): Balance {
  const stored = accountFromRow(row);
  // As after their expiry entries, each of which is a version: an operation that expects this version finds it.
  const account = { ...stored, held: stored.held - row.expired_left, version: stored.version + row.expired_count };
  return {
    ...account,
    used: row.read_at && usedBy(account, row.read_at),
    book: row.book,
    openedAt: row.opened_at,
    updatedAt: row.recorded_at,
    asOfSeq: row.as_of_seq,
  };
}

export function holdFromRow(row: HoldRow): HoldRead {
  const entry = entryFromRow(row);
  assert(entry.debit && entry.amount !== null, 'a hold names its wallet and has an amount');
  const { seq, amount, expiresAt } = entry;
  const hold = { seq, wallet: entry.debit.id, amount, left: row.expired ? 0n : row.left_now, expiresAt };
  return { entry, hold, captured: row.captured, expired: row.expired };
}
