/** The chart of accounts: its definitions, in the log of every book. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { ChartAccount, Ledger, Operation, Outcome, WantedAccount } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { changeAsOwner, places } from './tampering.ts';

const revenue: WantedAccount = { id: 'revenue', asset: 'USD', type: 'revenue', name: 'Revenue', floor: null, parent: null };
const dollars = 3;
let database: TestDatabase;
let owner: Ledger;
let front: Ledger;

beforeEach(async () => {
  database = await createTestDatabase();
  const options = { url: inRole(database.url, 'writer'), log: silentLog(), patienceMs: 60_000 };
  owner = await openLedger({ ...options, books: 3 });
  front = await openLedger({ ...options, peers: { owns: 'none' } });
});
afterEach(async () => {
  await front.stop();
  await owner.stop();
  await database.drop();
});

async function added(change: Partial<WantedAccount> = {}, ledger = owner): Promise<ChartAccount> {
  const found = await ledger.chart.add({ ...revenue, ...change });
  assert('account' in found, 'the account is added');
  return found.account;
}

let keys = 0;
const pay = (wallet: string, named: string): Operation => ({
  kind: 'transfer',
  key: `pay ${++keys}`,
  debit: { wallet },
  credit: { named },
  amount: 5n,
});
const fund = (wallet: string): Operation => ({
  kind: 'deposit',
  key: `fund ${++keys}`,
  debit: { system: 'cash_in' },
  credit: { wallet, opens: { owner: null, asset: dollars, floor: 0n } },
  amount: 100n,
});

function said(outcome: Outcome): string {
  return outcome.status === 'refused' ? outcome.refusal.code : outcome.status;
}

async function expectWhole(): Promise<void> {
  expect(places(await verify(database.pool))).toEqual([]);
}

it('a new account is used at once through any process, in every book, and is declared before', async () => {
  await added({}, front);
  for (let at = 0; at < 12; at++) {
    const ledger = at % 2 === 0 ? owner : front;
    expect(said(await ledger.post(fund(`w${at}`)))).toBe('posted');
    expect(said(await ledger.post(pay(`w${at}`, '@revenue')))).toBe('posted');
  }
  const { rows } = await database.pool.query(
    "select distinct book, body ->> 'id' as id, body ->> 'type' as type from ledger.declaration where kind = 'account' order by 1",
  );
  expect(rows).toEqual([1, 2, 3].map((book) => ({ book, id: 'revenue', type: 'revenue' })));
  await expectWhole();
});

it('two definitions of one id at once: one wins; the same again is the same account, also after a change', async () => {
  const wanted = (['asset', 'liability', 'equity', 'revenue'] as const).map((type) => ({ ...revenue, type }));
  const found = await Promise.all(wanted.map(async (one, at) => await (at % 2 === 0 ? owner : front).chart.add(one)));
  expect(found.map((one) => ('refusal' in one ? one.refusal.code : 'added')).toSorted()).toEqual([
    'account_exists',
    'account_exists',
    'account_exists',
    'added',
  ]);
  const winner = wanted[found.findIndex((one) => 'account' in one)];
  assert(winner, 'one wins');
  expect(await front.chart.change('revenue', { name: 'Income' })).toMatchObject({ name: 'Income', version: 2 });
  expect(await front.chart.change('revenue', { name: 'Income' })).toMatchObject({ version: 2 });
  for (const again of [winner, { ...winner, name: 'Income' }])
    expect(await owner.chart.add(again)).toMatchObject({ added: false, account: { name: 'Income' } });
  const { rows } = await database.pool.query("select kind, subject from audit.change where kind like 'accounts.%' order by id");
  expect(rows).toEqual([
    { kind: 'accounts.add', subject: 'revenue' },
    { kind: 'accounts.change', subject: 'revenue' },
  ]);
});

it('an invalid definition is refused with a sentence, and nothing changes', async () => {
  for (const [change, sentence] of [
    [{ id: 'Revenue' }, 'lower case'],
    [{ id: 'revenue:' }, 'joined by colons'],
    [{ id: '$fees/1' }, 'lower case'],
    [{ id: '@revenue' }, 'lower case'],
    [{ id: 'w'.repeat(65) }, '1 to 64'],
    [{ id: 'treasury' }, 'built in'],
    [{ id: 'wallets' }, 'built in'],
    [{ floor: 1n }, '0 or less'],
    [{ floor: -(10n ** 38n) }, '38 digits'],
    [{ name: 'Revenue \u202E' }, 'no invisible'],
    [{ type: 'income' as 'revenue' }, 'asset, liability, equity, revenue or expense'],
  ] as const)
    expect(await owner.chart.add({ ...revenue, ...change })).toMatchObject({
      refusal: { code: 'account_invalid', facts: { said: expect.stringContaining(sentence) as unknown } },
    });
  expect(await owner.chart.add({ ...revenue, asset: 'NONE' })).toMatchObject({ refusal: { code: 'asset_unknown' } });
  await front.assets.change('POINTS', { retired: true }, 'USD');
  expect(await owner.chart.add({ ...revenue, asset: 'POINTS' })).toMatchObject({
    refusal: { code: 'asset_retired', facts: { asset: 'POINTS' } },
  });
  expect(await owner.chart.change('none', { name: 'None' })).toMatchObject({ refusal: { code: 'account_not_found' } });
  expect(await owner.chart.change('fees', { name: 'Fees' })).toMatchObject({ refusal: { code: 'account_not_found' } });
  expect(await owner.chart.change('none', {})).toMatchObject({ refusal: { code: 'account_invalid' } });
  expect(await owner.chart.list()).toEqual([]);
});

it('parents have the same asset and type, and make no cycle, also when two changes race', async () => {
  for (const id of ['a', 'b', 'c']) await added({ id });
  await added({ id: 'e', asset: 'EUR' });
  await added({ id: 'x', type: 'expense' });
  expect(await owner.chart.change('a', { parent: 'b' })).toMatchObject({ parent: 'b' });
  expect(await owner.chart.change('b', { parent: 'c' })).toMatchObject({ parent: 'c' });
  for (const [id, parent, code] of [
    ['c', 'a', 'account_cycle'],
    ['c', 'c', 'account_cycle'],
    ['c', 'none', 'account_parent_unknown'],
    ['c', 'fees', 'account_parent_unknown'],
    ['c', 'e', 'account_parent_differs'],
    ['c', 'x', 'account_parent_differs'],
  ] as const)
    expect(await front.chart.change(id, { parent })).toMatchObject({ refusal: { code } });
  expect(await owner.chart.change('a', { parent: null })).toMatchObject({ parent: null });
  await owner.chart.change('b', { parent: null });
  const raced = await Promise.all([owner.chart.change('a', { parent: 'b' }), front.chart.change('b', { parent: 'a' })]);
  expect(raced.map((one) => ('refusal' in one ? one.refusal.code : 'changed')).toSorted()).toEqual(['account_cycle', 'changed']);
  expect(await owner.chart.add({ ...revenue, id: 'd', parent: 'd' })).toMatchObject({ refusal: { code: 'account_parent_unknown' } });
  await owner.post(fund('w1'));
  await expectWhole();
});

it('an account that does not exist is refused, and so is one that is named as what it is not', async () => {
  await added();
  await added({ id: 'budget', type: 'liability', floor: 0n });
  await owner.post(fund('w1'));
  for (const credit of [{ named: '@none' }, { wallet: '@none' }, { wallet: '@revenue' }, { named: '@budget' }]) {
    const outcome = await owner.post({ ...pay('w1', ''), credit } as Operation);
    // An account with a floor may be in another book.
    expect(['account_not_found', 'other_book']).toContain(said(outcome));
  }
  await expectWhole();
});

it('verification names a changed definition, a removed version, a cycle, and an account that was opened otherwise', async () => {
  await added();
  await added({ id: 'revenue:shop', parent: 'revenue' });
  for (let at = 0; at < 6; at++) await owner.post(fund(`w${at}`));
  for (let at = 0; at < 6; at++) await owner.post(pay(`w${at}`, '@revenue:shop'));
  await expectWhole();
  for (const [change, back] of [
    [
      "update ledger.chart_version set name = 'Other' where account = 'revenue'",
      "update ledger.chart_version set name = 'Revenue' where account = 'revenue'",
    ],
    ["update ledger.chart set type = 'expense' where id = 'revenue'", "update ledger.chart set type = 'revenue' where id = 'revenue'"],
    ["update ledger.chart set floor = 0 where id = 'revenue'", "update ledger.chart set floor = null where id = 'revenue'"],
    ["update ledger.chart set asset = 4 where id = 'revenue'", "update ledger.chart set asset = 3 where id = 'revenue'"],
    [
      "update ledger.chart_version set version = 2 where account = 'revenue'",
      "update ledger.chart_version set version = 1 where account = 'revenue'",
    ],
    [
      "update ledger.chart_version set parent = 'revenue:shop' where account = 'revenue'",
      "update ledger.chart_version set parent = null where account = 'revenue'",
    ],
  ] as const) {
    await changeAsOwner(database, change);
    expect(places(await verify(database.pool))).toContainEqual(expect.stringContaining('I11 account revenue'));
    await changeAsOwner(database, back);
    await expectWhole();
  }
  await changeAsOwner(database, "update ledger.account set floor = 0 where id = '@revenue:shop' and book = 1");
  expect(places(await verify(database.pool)).join()).toContain('I11');
});
