/**
 * The look-ups of the posting path use an index, whatever the statistics say. A plan that finds an account's newest entry by
 * scanning the log backwards suits an account in every entry, and reads the whole log for an account that was never debited.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { dueText } from '../../packages/coffer/src/ledger/posting/expiry.ts';
import { expiredHolds } from '../../packages/coffer/src/ledger/reading/expired.ts';
import { begunText } from '../../packages/coffer/src/ledger/reading/begun.ts';
import { planSettings, statements } from '../../packages/coffer/src/ledger/posting/store.ts';
import { drive } from '../../packages/coffer/src/wallets/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

type Plan = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
};

function scansOf(plan: Plan, table: string): string[] {
  const own = plan['Relation Name'] === table ? [plan['Index Name'] ?? plan['Node Type']] : [];
  return [...own, ...(plan.Plans ?? []).flatMap((part) => scansOf(part, table))];
}

async function scansOfEntry(statement: string, table = 'entry'): Promise<string[]> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    for (const plan of ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']) await client.query(`set local enable_${plan} = off`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (generic_plan, format json) ${statement}`);
    return rows.flatMap((row) => scansOf(row['QUERY PLAN'][0].Plan, table)).toSorted();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const expiredBalances = `select b.held, expired.* from ledger.balances_of($1, $2, 0, null) b ${expiredHolds('$3::timestamptz')}`;

/** What a query reads of the log, also within functions: whole scans, and entries that it fetches through an index. */
async function readsOf(query: string): Promise<{ scans: number; entries: number }> {
  const client = await database.pool.connect();
  // Counts of this connection that PostgreSQL has not passed on yet, earlier transactions included.
  const counted = async () => {
    const { rows } = await client.query<{ scans: number; entries: number }>(
      "select seq_scan as scans, idx_tup_fetch as entries from pg_stat_xact_user_tables where relid = 'ledger.entry'::regclass",
    );
    return rows[0] ?? { scans: 0, entries: 0 };
  };
  try {
    await client.query('begin');
    for (const [name, value] of Object.entries(planSettings)) await client.query('select set_config($1, $2, true)', [name, value]);
    // Planned here: the planner reads the ends of an index.
    await client.query(query);
    const before = await counted();
    await client.query(query);
    const after = await counted();
    return { scans: after.scans - before.scans, entries: after.entries - before.entries };
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** The query of ledger.seq_at. */
const lastBatchAt = `select b.last_seq from ledger.batch b where b.book = $1 and b.recorded_at <= $2::timestamptz
  order by b.recorded_at desc, b.batch_no desc limit 1`;

/** Holds, originals, the total of a day, and expired holds: each uses its index. */
async function expectProbes(): Promise<void> {
  // The hold itself by its seq, or as the first of its entries.
  expect(['entry_by_hold entry_by_hold', 'entry_by_hold entry_pkey']).toContain((await scansOfEntry(statements.holds)).join(' '));
  expect(await scansOfEntry(statements.originals)).toEqual(['entry_by_control', 'entry_by_reversal', 'entry_pkey']);
  expect(await scansOfEntry(statements.outcomes)).toEqual(['entry_by_control', 'entry_by_key']);
  expect(await scansOfEntry(statements.spent)).toEqual(['entry_pkey']);
  expect(await scansOfEntry(dueText)).toEqual(['entry_by_expiry', 'entry_by_hold']);
  expect(await scansOfEntry(statements.due)).toEqual(['entry_by_expiry_of', 'entry_by_expiry_of', 'entry_by_hold']);
  expect(await scansOfEntry(expiredBalances)).toEqual(['entry_by_expiry_of', 'entry_by_hold']);
  expect(await scansOfEntry(begunText)).toEqual(['entry_by_key', 'entry_transfers_begun']);
  expect(await scansOfEntry(lastBatchAt, 'batch')).toEqual(['batch_by_time']);
}

it('looks up holds, reversals and limits by index on an empty log', expectProbes);

it('does the same on a log in which every entry debits one account', async () => {
  const ledger = await openLedger({ url: database.url, log: silentLog(), patienceMs: 100_000 });
  await Promise.all(
    Array.from({ length: 3_000 }, (_, number) => {
      const credit = { wallet: `w${number % 1_000}`, opens: { owner: null, asset: 3, floor: 0n } };
      return ledger.post({ kind: 'deposit', key: `d${number}`, debit: { system: 'cash_in' }, credit, amount: 1n });
    }),
  );
  const held = await ledger.postEach(
    Array.from({ length: 500 }, (_, number) => ({
      kind: 'hold',
      key: `h${number}`,
      wallet: `w${number}`,
      amount: 1n,
      expiresInSeconds: 3_600,
    })),
  );
  await ledger.postEach(
    held.slice(0, 250).map(({ seq }, number) => ({ kind: 'release', key: `r${number}`, wallet: `w${number}`, hold: seq, amount: 1n })),
  );
  const begun = await ledger.postEach(
    Array.from({ length: 300 }, (_, number) => ({
      kind: 'transfer_debit' as const,
      key: `t${number}`,
      wallet: `w${number}`,
      to: `w${number + 1}`,
      amount: 1n,
    })),
  );
  await Promise.all(begun.map(async ({ entry }) => entry && !entry.refusal && (await drive(ledger, entry))));
  await ledger.stop();
  await database.pool.query('vacuum analyze ledger.entry, ledger.account');

  await expectProbes();
  expect(await scansOfEntry("select seq from ledger.entry where book = 1 and scope = 7 and key = 'd1'")).toEqual(['entry_by_key']);
});

it('reads an old version of an account along at most 256 entries, so every query repeats the condition of the indexes by account', async () => {
  const { rows } = await database.pool.query<{ number: number; version: number; seq: number }>(`
    select a.number, e.debit_version as version, e.seq from ledger.account a join ledger.entry e on e.book = 1 and e.debit_account = a.number
    where a.book = 1 and a.kind = 'cash_in' and e.debit_version = 300`);
  const [account] = rows;
  assert(account, 'cash_in has that many entries');
  const { number, version, seq } = account;
  for (const read of [
    `ledger.entry_at(1, ${number}, ${seq})`,
    `ledger.account_entries(1, ${number}, ${version}, ${version - 1}, 2)`,
    `ledger.newest_indexed(1, ${number})`,
    `ledger.seq_of_indexed(1, ${number}, 512)`,
  ]) {
    const { scans, entries } = await readsOf(`select from ${read}`);
    expect({ read, scans, isShort: entries > 0 && entries <= 300 }).toEqual({ read, scans: 0, isShort: true });
  }
});

it('finds the newest entry of accounts by one entry each, and in the tail of the log by the newest batch that names each', async () => {
  const accounts = "array(select number from ledger.account where kind = 'wallet' order by number limit 10)";
  const balances = `select from ledger.balances_of(1, ${accounts}, 0, null)`;
  await database.pool.query('select ledger.move_newest(1, 1000000)');
  expect(await readsOf(balances)).toEqual({ scans: 0, entries: 10 });

  const { pool } = database;
  await pool.query(
    'update ledger.newest_until set seq = 0 where book = 1; update ledger.newest set seqs = array_fill(0::bigint, array[128])',
  );
  await pool.query(`insert into ledger.newest_tail (book, last_seq, first_seq, accounts)
    select e.book, b.last_seq, b.first_seq, array_agg(distinct side.account order by side.account)
    from ledger.batch b join ledger.entry e on e.book = b.book and e.seq between b.first_seq and b.last_seq
    cross join lateral unnest(array[e.debit_account, e.credit_account]) as side (account)
    where side.account is not null group by 1, 2, 3`);
  const { rows } = await pool.query<{ most: number }>('select max(last_seq - first_seq) + 1 as most from ledger.batch where book = 1');
  const found = await readsOf(balances);
  expect(found.scans).toBe(0);
  expect(found.entries).toBeLessThanOrEqual(10 * (1 + (rows[0]?.most ?? 0)));
});
