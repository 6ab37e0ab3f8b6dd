// Each filter finds a page through an index and reads few pages of the database for it, whatever it matches: counted, not timed.
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { randomFrom } from '../../../../test/support/seed.ts';
import { termSetsOf } from './filter.ts';
import type { OperationFilter } from './filter.ts';
import { settings } from './find.ts';
import { scanQuery } from './scan.ts';
import { placed, termsOf } from './terms.ts';
import { walletQuery } from './wallets.ts';
import type { WalletFilter } from './wallets.ts';

const operations = 130_000;
const wallets = 20_000;
let database: TestDatabase;
let client: pg.PoolClient;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.pool.connect();
  const random = randomFrom(1);
  const any = (count: number) => Math.floor(random() * count);
  for (let from = 0; from < operations; from += 10_000) {
    const rows = Array.from({ length: 10_000 }, (_, at) => {
      const seq = from + at + 1;
      const amount = BigInt(1 + any(100_000));
      const isRare = seq % 5_000 === 0;
      const parties = [any(wallets), any(wallets)].map((number) => ({ id: `w${number}`, kind: 'wallet' as const, owner: null }));
      // A campaign that ended long ago, and an order each.
      const properties = new Set([
        `orderId=${seq}`,
        `channel=${['web', 'app', 'shop'][seq % 3]}`,
        ...(seq < operations / 4 ? ['campaign=spring'] : []),
      ]);
      const facts = {
        type: isRare ? 'freeze' : 'transfer',
        refusal: isRare ? 'wallet_frozen' : null,
        asset: 3,
        amount,
        parties,
        properties,
        words: new Set([`${seq}`]),
      };
      return { seq, amount: amount.toString(), terms: placed(termsOf(facts, isRare ? 'refused' : 'completed'), { book: 1, seq }) };
    });
    await client.query(
      `insert into find.operation (generation, book, seq, terms, amount)
       select 1, 1, o.seq, o.terms::bigint[], o.amount from unnest($1::bigint[], $2::text[], $3::numeric[]) as o (seq, terms, amount)`,
      [rows.map(({ seq }) => seq), rows.map(({ terms }) => terms), rows.map(({ amount }) => amount)],
    );
  }
  await client.query(
    `insert into find.wallet (generation, book, number, id, asset, balance, version, state, last_activity_at)
     select 1, 1, n, 'w' || n, 1 + n % 4, n % 1000, 1, case when n % 500 = 0 then 'frozen' else 'active' end, now() - n * interval '1 second'
     from generate_series(1, $1::int) n`,
    [wallets],
  );
  await client.query('vacuum analyze find.operation');
  await client.query('vacuum analyze find.wallet');
  for (const [name, value] of Object.entries(settings)) await client.query(`set ${name} = '${value}'`);
}, 300_000);
afterAll(async () => {
  client.release();
  await database.drop();
});

type Node = {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly Node[];
};

async function explained({
  text,
  values,
}: pg.QueryConfig): Promise<{ readonly pages: number; readonly indexes: readonly string[]; readonly scans: boolean }> {
  const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ readonly Plan: Node }] }>(
    `explain (analyze, buffers, format json, timing off) ${text}`,
    values,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  const all = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(all)];
  const nodes = plan ? all(plan) : [];
  return {
    pages: (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0),
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))],
    scans: nodes.some((node) => node['Node Type'] === 'Seq Scan'),
  };
}

const byTerms = 'operation_by_terms';

test.each<[string, OperationFilter]>([
  ['a frequent kind', { type: 'transfer' }],
  ['a rare kind', { type: 'freeze' }],
  ['a kind that does not occur', { type: 'close' }],
  ['a wallet', { wallet: 'w17' }],
  ['a counterparty', { counterparty: 'w17' }],
  ['an account', { account: 'cash_in' }],
  ['an owner', { owner: '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32' }],
  ['an exact amount', { amountMin: 4_711n, amountMax: 4_711n }],
  ['a narrow range of amounts', { amountMin: 4_700n, amountMax: 4_720n }],
  ['a wide range of amounts', { amountMin: 1_000n }],
  ['a status', { status: 'refused' }],
  ['a refusal', { refusal: 'wallet_frozen' }],
  ['an asset', { asset: 3 }],
  ['a unique property', { properties: ['orderId=99999'] }],
  ['a frequent property', { properties: ['channel=web'] }],
  ['a property of long ago', { properties: ['campaign=spring'] }],
  ['a word', { words: ['99999'] }],
  ['a wallet and a kind', { wallet: 'w17', type: 'freeze' }],
  ['two frequent ones that do not meet', { properties: ['channel=web', 'campaign=spring'], type: 'freeze' }],
])('operations by %s', async (_name, filter) => {
  for (const newestFirst of [true, false]) {
    const range = { after: 0, before: Number.MAX_SAFE_INTEGER, newestFirst, limit: 51 };
    const { amountMin, amountMax } = filter;
    const plan = await explained(scanQuery({ ...range, book: 1, generation: 1, sets: termSetsOf(filter, {}), amountMin, amountMax }));
    expect([plan.indexes.includes(byTerms), plan.scans]).toEqual([true, false]);
    // Of about 9,000: at most the rows of one stretch.
    expect(plan.pages).toBeLessThan(2_500);
  }
});

test('operations of a time, or of nothing in particular', async () => {
  const plan = await explained(
    scanQuery({ after: 50_000, before: 60_000, newestFirst: true, limit: 51, book: 1, generation: 1, sets: [] }),
  );
  expect(plan).toMatchObject({ indexes: ['operation_pkey'], scans: false });
  expect(plan.pages).toBeLessThan(50);
});

test.each<[string, WalletFilter, string]>([
  ['activity', { sort: 'activity' }, 'wallet_by_activity'],
  ['activity in an asset', { sort: 'activity', asset: 2 }, 'wallet_by_activity'],
  ['balance', { sort: 'balance', asset: 2 }, 'wallet_by_balance'],
  ['a range of balances', { sort: 'balance', asset: 2, balanceMin: 990n, balanceMax: 995n }, 'wallet_by_balance'],
  ['a rare state', { sort: 'activity', state: 'frozen' }, 'wallet_by_state'],
])('wallets by %s', async (_name, filter, index) => {
  const query = { generation: 1, filter, assets: [1, 2, 3, 4], among: [] };
  for (const way of ['older', 'newer'] as const) {
    const plan = await explained(walletQuery({ ...query, way, after: null, limit: 51 }));
    expect(plan).toMatchObject({ indexes: [index], scans: false });
    expect(plan.pages).toBeLessThan(400);
  }
});

test('wallets of an owner are read by their numbers', async () => {
  const among = [
    [
      { book: 1, number: 7 },
      { book: 1, number: 8 },
    ],
  ];
  const plan = await explained(
    walletQuery({ generation: 1, filter: { sort: 'activity' }, assets: [1, 2], among, way: 'older', after: null, limit: 51 }),
  );
  expect(plan).toMatchObject({ indexes: ['wallet_pkey'], scans: false });
  expect(plan.pages).toBeLessThan(20);
});
