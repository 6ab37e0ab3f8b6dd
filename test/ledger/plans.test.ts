/**
 * The look-ups of the posting path use an index, whatever the statistics say. A plan that finds an account's newest entry by
 * scanning the log backwards suits an account in every entry, and reads the whole log for an account that was never debited.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { dueText } from '../../packages/coffer/src/ledger/posting/expiry.ts';
import { expiredHolds } from '../../packages/coffer/src/ledger/reading/expired.ts';
import { begunText } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { statements } from '../../packages/coffer/src/ledger/posting/store.ts';
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

const balances = `
  select b.balance, b.controls from unnest(array['w1', 'w2']) as wanted (id)
  cross join lateral (select * from ledger.balance b where b.book = 1 and b.id = wanted.id limit 1) b`;

const expiredBalances = `select b.held, expired.* from ledger.balance b ${expiredHolds('$3::timestamptz')} where b.book = $1 and b.id = $2`;

/** The query of ledger.seq_at. */
const lastBatchAt = `select b.last_seq from ledger.batch b where b.book = $1 and b.recorded_at <= $2::timestamptz
  order by b.recorded_at desc, b.batch_no desc limit 1`;

/** Holds, originals, the total of a day, and expired holds: each uses its index. */
async function expectProbes(): Promise<void> {
  expect(await scansOfEntry(statements.wallets)).toEqual(['entry_by_control', 'entry_by_credit', 'entry_by_debit']);
  // The hold itself by its seq, or as the first of its entries.
  expect(['entry_by_hold entry_by_hold', 'entry_by_hold entry_pkey']).toContain((await scansOfEntry(statements.holds)).join(' '));
  expect(await scansOfEntry(statements.originals)).toEqual(['entry_by_control', 'entry_by_reversal', 'entry_pkey']);
  expect(await scansOfEntry(statements.outcomes)).toEqual(['entry_by_control', 'entry_by_key']);
  expect(await scansOfEntry(statements.spent)).toEqual(['entry_by_debit']);
  expect(await scansOfEntry(dueText)).toEqual(['entry_by_expiry', 'entry_by_hold']);
  expect(await scansOfEntry(statements.due)).toEqual(['entry_by_expiry_of', 'entry_by_expiry_of', 'entry_by_hold']);
  expect(await scansOfEntry(expiredBalances)).toEqual([
    'entry_by_control',
    'entry_by_credit',
    'entry_by_debit',
    'entry_by_expiry_of',
    'entry_by_hold',
  ]);
  expect(await scansOfEntry(begunText)).toEqual(['entry_by_key', 'entry_transfers_begun']);
  expect(await scansOfEntry(lastBatchAt, 'batch')).toEqual(['batch_by_time']);
}

it('looks up holds, reversals and limits by index on an empty log', expectProbes);

it('looks up the newest entry of an account by that account on an empty log', async () => {
  expect(await scansOfEntry(balances)).toEqual(['entry_by_control', 'entry_by_credit', 'entry_by_debit']);
});

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

  expect(await scansOfEntry(balances)).toEqual(['entry_by_control', 'entry_by_credit', 'entry_by_debit']);
  await expectProbes();
  expect(await scansOfEntry("select seq from ledger.entry where book = 1 and scope = 7 and key = 'd1'")).toEqual(['entry_by_key']);
});
