/** Coffer's own posting, called in process. */
import pg from 'pg';
import { silentLog } from '../server/kernel/index.ts';
import { openLedger } from '../server/ledger/index.ts';
import type { Ledger } from '../server/ledger/index.ts';
import { callsPerSecond, latenciesMs, nextTransfer, openingBalance, walletCount, walletName } from './workload.ts';
import type { Spread } from './workload.ts';

const inFlight = 500;
const walletAsset = 3;

export async function openFundedLedger(url: string): Promise<Ledger> {
  const ledger = await openLedger({ url, log: silentLog() });
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

export async function loneLatenciesMs(ledger: Ledger, calls: number): Promise<number[]> {
  return await latenciesMs(calls, [0.5, 0.99], () => postOne(ledger, 'uniform'));
}

export async function readsPerSecond(ledger: Ledger, seconds: number): Promise<number> {
  return await callsPerSecond({ inFlight, seconds }, async () => {
    const balance = await ledger.read.balance(walletName(Math.floor(Math.random() * walletCount)));
    if (!balance) throw new Error('a wallet that is not there');
  });
}

async function postOne(ledger: Ledger, spread: Spread): Promise<void> {
  const { from, to, amount, key } = nextTransfer(spread);
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
 * The floor: the rows that a run of postings left behind, inserted again in bulk into the same tables with the same indexes,
 * from a table in memory, with nothing else going on. No way of posting one by one can be faster than that.
 */
export async function floorRowsPerSecond(sourceUrl: string, targetUrl: string, rows: number): Promise<number> {
  const source = new pg.Client({ connectionString: sourceUrl });
  const target = new pg.Client({ connectionString: targetUrl });
  await Promise.all([source.connect(), target.connect()]);
  try {
    await copyRows(source, target, rows);
    const startMs = performance.now();
    for (let first = 1; first <= rows; first += rowsPerStatement) {
      await target.query('insert into ledger.entry select * from staged where seq >= $1 and seq < $2', [first, first + rowsPerStatement]);
    }
    return rows / ((performance.now() - startMs) / 1000);
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

const rowsPerStatement = 10_000;

/** Brings the first rows of one database's log into an unlogged table of the other. */
async function copyRows(source: pg.Client, target: pg.Client, rows: number): Promise<void> {
  await target.query('create unlogged table staged (like ledger.entry)');
  for (let first = 1; first <= rows; first += rowsPerStatement) {
    const { rows: chunk } = await source.query<{ json: string }>(
      'select json_agg(e)::text as json from ledger.entry e where seq >= $1 and seq < $2',
      [first, first + rowsPerStatement],
    );
    await target.query('insert into staged select * from json_populate_recordset(null::ledger.entry, $1)', [chunk[0]?.json]);
  }
  await target.query('create index on staged (seq)');
  await target.query('vacuum analyze staged');
  await target.query('checkpoint');
}
