/**
 * The look-ups of the posting path probe an index, whatever the statistics say. A plan that looks for an account's newest entry by
 * walking the whole log back is right for an account in every entry, and reads everything for one that was never debited.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../server/kernel/index.ts';
import { openLedger } from '../../server/ledger/index.ts';
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

async function scansOfEntry(statement: string): Promise<string[]> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    for (const plan of ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']) await client.query(`set local enable_${plan} = off`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${statement}`);
    return rows.flatMap((row) => scansOf(row['QUERY PLAN'][0].Plan, 'entry')).toSorted();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const balances = `
  select b.balance from unnest(array['w1', 'w2']) as wanted (id)
  cross join lateral (select * from ledger.balance b where b.book = 1 and b.id = wanted.id limit 1) b`;

it('finds the newest entry of an account by that account, on an empty log', async () => {
  expect(await scansOfEntry(balances)).toEqual(['entry_by_credit', 'entry_by_debit']);
});

it('and on a log in which every entry debits the same account', async () => {
  const ledger = await openLedger({ url: database.url, log: silentLog() });
  await Promise.all(
    Array.from({ length: 3_000 }, (_, number) => {
      const credit = { wallet: `w${number % 1_000}`, opens: { owner: null, asset: 3, floor: 0n } };
      return ledger.post({ kind: 'deposit', key: `d${number}`, debit: { system: 'cash_in' }, credit, amount: 1n });
    }),
  );
  await ledger.stop();
  await database.pool.query('vacuum analyze ledger.entry, ledger.account');

  expect(await scansOfEntry(balances)).toEqual(['entry_by_credit', 'entry_by_debit']);
  expect(await scansOfEntry("select seq from ledger.entry where book = 1 and scope = 7 and key = 'd1'")).toEqual(['entry_by_key']);
});
