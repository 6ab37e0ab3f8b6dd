/** Transfers by saga for tests: ledgers of several books, wallets in each, and what must hold of the money at every moment. */
import { expect } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { bookOfWallet, openLedger, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, Outcome, RecordedEntry } from '../../packages/coffer/src/ledger/index.ts';
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import type { Commands, OperationOutcome } from '../../packages/coffer/src/operations/index.ts';
import { WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import { entryAsModel } from './compare.ts';
import type { TestDatabase } from './database.ts';
import type pg from 'pg';

export const gold = 1;
export const dollars = 3;

export async function openBooks(url: string, books: number, patienceMs = 10_000): Promise<Ledger> {
  return await openLedger({ url: inRole(url, 'writer'), log: silentLog(), books, patienceMs });
}

export function walletsOn(ledger: Ledger): { commands: Commands; queries: WalletQueries } {
  const usd = ledger.assets.find('USD');
  assert(usd, 'the migrations bring USD');
  return { commands: createCommands({ ledger, defaultAsset: usd }), queries: new WalletQueries(ledger, usd) };
}

/** A wallet id that belongs to the given book. */
export function walletIn(ledger: Ledger, book: number, name: string): string {
  for (let at = 0; ; at++) if (bookOfWallet(`${name}${at}`, ledger.books.length) === book) return `${name}${at}`;
}

export async function fund(ledger: Ledger, wallet: string, amount: bigint, asset = dollars): Promise<void> {
  const credit = { wallet, opens: { owner: null, asset, floor: 0n } };
  await ledger.post({ kind: 'deposit', key: 'opening', debit: { system: 'cash_in' }, credit, amount });
}

let lastKey = 0;

/** Only the first step, as left by a process that is killed right after it. */
export async function debitOnly(ledger: Ledger, from: string, to: string, amount: bigint): Promise<RecordedEntry> {
  const outcome = await ledger.post({ kind: 'transfer_debit', key: `debit ${++lastKey}`, wallet: from, to, amount });
  return posted(outcome);
}

export function posted(outcome: Outcome | OperationOutcome): RecordedEntry {
  assert(outcome.status === 'posted', `posted, not ${JSON.stringify(outcome.status === 'refused' && outcome.refusal)}`);
  return outcome.entry;
}

export async function balanceOf(ledger: Ledger, wallet: string): Promise<bigint | undefined> {
  return (await ledger.read.balance(wallet))?.balance;
}

export type Money = { readonly total: bigint; readonly inWallets: bigint; readonly inTransit: bigint };

/** A snapshot of all books. */
export async function moneyIn(pool: pg.Pool): Promise<Money> {
  const { rows } = await pool.query<{ total: bigint; in_wallets: bigint; in_transit: bigint }>(
    `select coalesce(sum(balance), 0) as total, coalesce(sum(balance) filter (where kind = 'wallet'), 0) as in_wallets,
       coalesce(sum(balance) filter (where kind = 'in_transit'), 0) as in_transit
     from ledger.balance`,
  );
  const [row] = rows;
  assert(row, 'a sum answers');
  return { total: row.total, inWallets: row.in_wallets, inTransit: row.in_transit };
}

/** The number of unfinished transfers. */
export async function underWay(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*) as count from ledger.entry e where e.kind = 'transfer_debit' and e.refusal is null
       and not exists (select from ledger.entry x where x.book = e.book and x.key = E'\\x01end/' || e.seq)`,
  );
  return rows[0]?.count ?? 0;
}

export async function expectWhole({ pool }: Pick<TestDatabase, 'pool'>): Promise<void> {
  const report = await verify(pool);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
}

/** An answer in a form that is the same from memory and from the database. */
export function told(outcome: OperationOutcome): object {
  const words = (entry: RecordedEntry | null | undefined) => entry && entryAsModel(entry);
  const { status, replayed, entry, saga } = outcome;
  const refusal = outcome.status === 'refused' ? outcome.refusal : null;
  return { status, replayed, refusal, entry: words(entry), saga: saga?.status, credit: words(saga?.credit), end: words(saga?.end) };
}
