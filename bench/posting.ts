/** Coffer's own posting, called in process. */
import pg from 'pg';
import { inRole } from '../packages/coffer/src/database/index.ts';
import { silentLog } from '../packages/coffer/src/kernel/index.ts';
import { bookOfWallet, openLedger } from '../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerOptions } from '../packages/coffer/src/ledger/index.ts';
import { callsPerSecond, latenciesMs, nextTransfer, nextTransferAmong, openingBalance, walletCount, walletName } from './workload.ts';
import type { Spread, Transfer } from './workload.ts';

const inFlight = 500;
const walletAsset = 3;

export async function openFundedLedger(url: string, how: Pick<LedgerOptions, 'books' | 'observe' | 'patienceMs'> = {}): Promise<Ledger> {
  const ledger = await openLedger({ url: inRole(url, 'writer'), log: silentLog(), ...how });
  await Promise.all(
    Array.from({ length: walletCount }, async (_, index) => {
      const opens = { owner: null, asset: walletAsset, floor: 0n };
      const credit = { wallet: walletName(index), opens };
      const outcome = await ledger.post({
        kind: 'deposit',
        key: 'opening balance',
        debit: { system: 'cash_in' },
        credit,
        amount: openingBalance,
      });
      if (outcome.status !== 'posted') throw new Error(`opening ${walletName(index)}: ${outcome.refusal.code}`);
    }),
  );
  return ledger;
}

export async function postingsPerSecond(ledger: Ledger, spread: Spread, seconds: number, warmUpSeconds = 1): Promise<number> {
  return await callsPerSecond({ inFlight, seconds, warmUpSeconds }, () => postOne(ledger, spread));
}

/** Transfers inside each book, alternating between books; with one book the same as `uniform`. */
export async function postingsInBooksPerSecond(ledger: Ledger, seconds: number): Promise<number> {
  const walletsOf = new Map<number, number[]>(ledger.books.map((book) => [book, []]));
  for (let index = 0; index < walletCount; index++) walletsOf.get(bookOfWallet(walletName(index), ledger.books.length))?.push(index);
  const books = [...walletsOf.values()];
  let turn = 0;
  return await callsPerSecond({ inFlight, seconds }, () => post(ledger, nextTransferAmong(books[turn++ % books.length] ?? [])));
}

export async function loneLatenciesMs(ledger: Ledger, calls: number): Promise<number[]> {
  return await latenciesMs(calls, [0.5, 0.99], () => postOne(ledger, 'uniform'));
}

export async function readsPerSecond(ledger: Ledger, seconds: number): Promise<number> {
  return await callsPerSecond({ inFlight, seconds }, async () => {
    const balance = await ledger.read.balance(walletName(Math.floor(Math.random() * walletCount)));
    if (!balance) throw new Error('wallet not found');
  });
}

/** That many transfers among the wallets, which are given by their indexes. */
export async function postTransfers(ledger: Ledger, count: number, wallets: readonly number[]): Promise<void> {
  for (let left = count; left > 0; left -= inFlight) {
    await Promise.all(Array.from({ length: Math.min(left, inFlight) }, () => post(ledger, nextTransferAmong(wallets))));
  }
}

async function postOne(ledger: Ledger, spread: Spread): Promise<void> {
  await post(ledger, nextTransfer(spread));
}

async function post(ledger: Ledger, { from, to, amount, key }: Transfer): Promise<void> {
  const outcome = await ledger.post({
    kind: 'transfer',
    key,
    debit: { wallet: walletName(from) },
    credit: { wallet: walletName(to) },
    amount,
  });
  if (outcome.status !== 'posted') throw new Error(`refused: ${outcome.refusal.code}`);
}

/**
 * The floor: the rows of the postings, inserted again in bulk into the same tables with the same indexes, emptied before, from a staging
 * table, with nothing else running. No way of posting one by one can be faster.
 */
export async function floorRowsPerSecond(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`
      create unlogged table staged_entry as select * from ledger.entry order by seq;
      create unlogged table staged_batch as select * from ledger.batch where batch_no > 0;
      create index on staged_entry (seq);
      create index on staged_batch (first_seq);
      alter table ledger.entry disable trigger append_only;
      alter table ledger.batch disable trigger append_only;
      truncate ledger.entry, ledger.batch;`);
    await client.query('vacuum analyze staged_entry, staged_batch');
    await client.query('checkpoint');
    const { rows } = await client.query<{ last: string }>('select max(seq) as last from staged_entry');
    const last = Number(rows[0]?.last);
    const startMs = performance.now();
    for (let first = 1; first <= last; first += rowsPerStatement) {
      const range = [first, first + rowsPerStatement];
      await client.query('insert into ledger.batch select * from staged_batch where first_seq >= $1 and first_seq < $2', range);
      await client.query('insert into ledger.entry select * from staged_entry where seq >= $1 and seq < $2', range);
    }
    return last / ((performance.now() - startMs) / 1000);
  } finally {
    await client.end();
  }
}

const rowsPerStatement = 10_000;
