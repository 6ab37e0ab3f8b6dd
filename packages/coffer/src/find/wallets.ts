/** Pages of wallets, by balance or by last activity. */
import type pg from 'pg';
import { estimateRows } from '../database/index.ts';
import type { Estimate } from '../database/index.ts';
import { accountsOfOwner, accountsOfWallets, bookOfOwner } from '../ledger/index.ts';
import type { ReadableLedger } from '../ledger/index.ts';
import type { Reader } from '../wallets/index.ts';
import { isSeq, formatCursor, parseCursor } from './cursors.ts';
import type { FoundPage, PageRequest, Refused } from './operations.ts';
import type { FindProgress } from './progress.ts';
import type { WalletState } from './wallet-store.ts';

export const walletSorts = ['activity', 'balance'] as const;
export type WalletSort = (typeof walletSorts)[number];

export type WalletFilter = {
  readonly owner?: string | undefined;
  readonly asset?: number | undefined;
  readonly state?: WalletState | undefined;
  /** The ids of the wallets with a flag, and its name: only these are looked at. */
  readonly flagged?: { readonly by: string; readonly wallets: readonly string[] } | undefined;
  /** In minor units, both included; `asset` is given with them. */
  readonly balanceMin?: bigint | undefined;
  readonly balanceMax?: bigint | undefined;
  /** By balance only with `asset`: amounts of different assets do not compare. */
  readonly sort: WalletSort;
};

type Searched = {
  readonly filter: WalletFilter;
  readonly reader: Reader;
  readonly page: PageRequest;
  readonly progress: FindProgress;
  /** The assets that wallets can have. */
  readonly assets: readonly number[];
};

type Row = { id: string; book: number; number: number; value: string };

/** The ids of wallets, in order of the sort: newest or greatest first, unless `asc`. */
export async function findWallets(
  { pool, ledger }: { readonly pool: pg.Pool; readonly ledger: Pick<ReadableLedger, 'books'> },
  { filter, reader, page, progress, assets }: Searched,
): Promise<FoundPage<string> | Refused> {
  const { order = 'desc', limit } = page;
  const identity = ['wallets', order, { ...filter, flagged: filter.flagged?.by }, reader.onlyOwner ?? null];
  const cursor = page.cursor === undefined ? null : parseCursor(page.cursor, identity, (at) => isPlace(at, filter.sort));
  if (page.cursor !== undefined && !cursor) return { refusal: 'cursor' };
  const way = cursor?.way ?? (order === 'desc' ? 'older' : 'newer');

  const owners = [reader.onlyOwner, filter.owner].filter((owner) => owner !== undefined);
  const { generation, asOf } = progress;
  if (generation === null || new Set(owners).size > 1)
    return { items: [], next: null, previous: null, count: page.count === true ? { value: 0, exact: true } : null, asOf };
  const [owner] = owners;
  const of = owner === undefined ? null : { book: bookOfOwner(owner, ledger.books.length), owner };
  const accounts = of && (await accountsOfOwner(pool, of.book, of.owner));
  const owned = of && accounts && accounts.map((number) => ({ book: of.book, number }));
  const flagged = filter.flagged && (await accountsOfWallets(pool, ledger.books.length, filter.flagged.wallets));
  const query = { generation, filter, assets, among: [owned, flagged].filter((one) => one !== null && one !== undefined) };
  const { rows } = await pool.query<Row>(walletQuery({ ...query, way, after: cursor?.at ?? null, limit: limit + 1 }));
  const items = rows.slice(0, limit);
  const isForward = (way === 'older') === (order === 'desc');
  const at = (row: Row | undefined) => (row ? [row.value, row.book, row.number] : (cursor?.at ?? []));
  const onward = rows.length > limit ? formatCursor(identity, { way, at: at(items.at(-1)) }) : null;
  const back =
    cursor === null || items.length === 0 ? null : formatCursor(identity, { way: way === 'older' ? 'newer' : 'older', at: at(items[0]) });
  const shown = isForward ? items : items.toReversed();
  return {
    items: shown.map(({ id }) => id),
    next: isForward ? onward : back,
    previous: isForward ? back : onward,
    count: page.count === true ? await countWallets(pool, query) : null,
    asOf,
  };
}

const microseconds = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;

function isPlace([value, book, number, ...more]: readonly unknown[], sort: WalletSort): boolean {
  const isValue = typeof value === 'string' && (sort === 'balance' ? /^-?\d{1,50}$/ : microseconds).test(value);
  return isValue && isSeq(book) && book < 2 ** 31 && isSeq(number) && more.length === 0;
}

type Query = {
  readonly generation: number;
  readonly filter: WalletFilter;
  readonly assets: readonly number[];
  /** Sets of the only wallets to look at. */
  readonly among: readonly (readonly { readonly book: number; readonly number: number }[])[];
};

/** Exported for the tests of its plans. */
export function walletQuery({
  way,
  after,
  limit,
  ...query
}: Query & { readonly way: 'older' | 'newer'; readonly after: readonly unknown[] | null; readonly limit: number }): pg.QueryConfig {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { filter, assets } = query;
  const [column, type] = filter.sort === 'balance' ? ['balance', 'numeric'] : ['last_activity_at', 'timestamptz'];
  const [order, beyond] = way === 'older' ? ['desc', '<'] : ['asc', '>'];
  const value =
    filter.sort === 'balance' ? 'balance::text' : `to_char(last_activity_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const conditions = [...conditionsOf(query, bind)];
  if (after) {
    const [from, book, number] = after;
    conditions.push(`(w.${column}, w.book, w.number) ${beyond} (${bind(from)}::${type}, ${bind(book)}::integer, ${bind(number)}::bigint)`);
  }
  const most = bind(limit);
  const sorted = `order by w.${column} ${order}, w.book ${order}, w.number ${order} limit ${most}`;
  const from = (where: string) =>
    `select w.* from find.wallet w where ${[...conditions, where].filter((one) => one !== '').join(' and ')} ${sorted}`;
  // The index begins with the asset; few wallets, or those in one state, have a shorter way.
  const isShort = filter.asset !== undefined || query.among.length > 0 || isRare(filter.state);
  const rows = isShort
    ? from('')
    : `select w.* from unnest(${bind(assets)}::integer[]) as a (asset) cross join lateral (${from('w.asset = a.asset')}) w ${sorted}`;
  return { text: `select id, book, number, ${value} as value from (${rows}) w`, values };
}

function isRare(state: WalletState | undefined): boolean {
  return state !== undefined && state !== 'active';
}

function conditionsOf({ generation, filter, among }: Query, bind: (value: unknown) => string): string[] {
  const { asset, state, balanceMin, balanceMax } = filter;
  return [
    `w.generation = ${bind(generation)}`,
    ...among.map((accounts) => {
      const [books, numbers] = [bind(accounts.map(({ book }) => book)), bind(accounts.map(({ number }) => number))];
      return `(w.book, w.number) in (select * from unnest(${books}::integer[], ${numbers}::bigint[]))`;
    }),
    ...(asset === undefined ? [] : [`w.asset = ${bind(asset)}`]),
    // As a constant, so that the partial index serves it.
    ...(state === undefined ? [] : [`w.state = '${state}'${isRare(state) ? " and w.state <> 'active'" : ''}`]),
    ...(balanceMin === undefined ? [] : [`w.balance >= ${bind(balanceMin.toString())}::numeric`]),
    ...(balanceMax === undefined ? [] : [`w.balance <= ${bind(balanceMax.toString())}::numeric`]),
  ];
}

async function countWallets(pool: pg.Pool, query: Query): Promise<Estimate> {
  const values: unknown[] = [];
  const where = conditionsOf(query, (value) => `$${values.push(value)}`).join(' and ');
  return await estimateRows(pool, `from find.wallet w where ${where}`, values);
}
