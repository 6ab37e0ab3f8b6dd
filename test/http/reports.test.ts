/** Reports: over all books, by type, as of a moment. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectWhole, walletIn } from '../support/sagas.ts';
import { startProduct } from './product.ts';
import type { TestProduct } from './product.ts';

let coffer: TestProduct;
const wallets: string[] = [];
let before: string;
beforeAll(async () => {
  coffer = await startProduct({}, { books: 3, patienceMs: 3_000 });
  await post('/assets', { code: 'GEMS', scale: 2, name: 'Gems', kind: 'virtual' });
  for (const [id, type, parent] of [
    ['revenue', 'revenue', null],
    ['revenue:shop', 'revenue', 'revenue'],
    ['revenue:shop:cards', 'revenue', 'revenue:shop'],
    ['expense:promo', 'expense', null],
    ['bank', 'asset', null],
  ] as const)
    await post('/accounts', { id, asset: 'GEMS', type, name: `The ${id}`, parent });
  for (const book of [1, 2, 3]) wallets.push(walletIn(coffer.ledger, book, 'w-'));
  for (const wallet of wallets) {
    await post('/wallet', { id: wallet, asset: 'GEMS' });
    await move({ account: 'bank' }, { wallet }, 1_000);
    await move({ wallet }, { account: 'revenue:shop' }, 100);
    await move({ wallet }, { account: 'revenue:shop:cards' }, 10);
  }
  before = await nextMoment();
  for (const wallet of wallets) await move({ account: 'expense:promo' }, { wallet }, 7);
  await move({ wallet: wallets[0] }, { wallet: wallets[1] }, 50);
});
afterAll(async () => {
  await expectWhole(coffer);
  await coffer.stop();
});

async function post(path: string, body: object): Promise<void> {
  const { status, text } = await coffer.call('POST', path, body);
  expect([status, text]).toEqual([201, text]);
}

async function move(from: object, to: object, amount: number): Promise<void> {
  await post('/transfers', { from, to, amount });
}

/** A moment after everything recorded so far, and before everything to come. */
async function nextMoment(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { rows } = await coffer.pool.query<{ now: Date }>('select max(recorded_at) as now from ledger.batch');
  await new Promise((resolve) => setTimeout(resolve, 5));
  return (rows[0]?.now ?? new Date()).toISOString();
}

type OfAsset = { asset: { code: string } } & Record<string, unknown>;
async function read(path: string): Promise<Record<string, unknown>> {
  const { status, body } = await coffer.call('GET', path);
  expect(status).toBe(200);
  const found = (body['assets'] as OfAsset[]).find(({ asset }) => asset.code === 'GEMS');
  expect(found).toBeDefined();
  return found ?? {};
}

it('the trial balance has every account, and its debits equal its credits in each asset', async () => {
  const { body } = await coffer.call('GET', '/reports/trial-balance');
  expect((body['assets'] as { difference: string }[]).map(({ difference }) => difference)).toEqual(['0', '0', '0']);
  const { lines, debit, credit } = await read('/reports/trial-balance');
  expect([debit, credit]).toEqual(['3021', '3021']);
  const named = (lines as { account: string; debit: string; credit: string }[]).map((line) => [line.account, line.debit, line.credit]);
  expect(named).toEqual([
    ['bank', '3000', '0'],
    ['in_transit', '0', '0'],
    ['wallets', '0', '2691'],
    ['revenue', '0', '0'],
    ['revenue:shop', '0', '300'],
    ['revenue:shop:cards', '0', '30'],
    ['expense:promo', '21', '0'],
  ]);
});

it('reports of the past have what was recorded by then', async () => {
  const { lines } = await read(`/reports/trial-balance?at=${before}`);
  expect((lines as { account: string; credit: string }[]).find(({ account }) => account === 'wallets')).toMatchObject({ credit: '2670' });
  const { body } = await coffer.call('GET', '/reports/trial-balance?at=2020-01-01T00:00:00Z');
  expect((body['assets'] as { debit: string }[]).map(({ debit }) => debit)).toEqual(['0']);
  expect((await coffer.call('GET', '/reports/trial-balance?at=yesterday')).status).toBe(400);
});

it('the balance sheet: assets are liabilities plus equity plus the result', async () => {
  const { sections, result } = await read('/reports/balance-sheet?unit=major');
  const totals = (sections as { type: string; total: string }[]).map(({ type, total }) => `${type} ${total}`);
  expect([...totals, result]).toEqual(['asset 30.00', 'liability 26.91', 'equity 0.00', '3.09']);
});

it('the income statement of a period, in which parents include what is below them', async () => {
  const { sections, result } = await read('/reports/income');
  expect(result).toBe('309');
  const [revenue] = sections as { lines: { account: string; balance: string; total: string }[] }[];
  expect(revenue?.lines.map(({ account, balance, total }) => [account, balance, total])).toEqual([
    ['revenue', '0', '330'],
    ['revenue:shop', '300', '330'],
    ['revenue:shop:cards', '30', '30'],
  ]);
  expect((await read(`/reports/income?until=${before}`))['result']).not.toBe('309');
  expect((await read('/reports/income?since=2999-01-01T00:00:00Z'))['result']).toBe('0');
});

it('an account has its balance over all books, now and in the past', async () => {
  expect((await coffer.call('GET', '/accounts/revenue:shop')).body).toMatchObject({ balance: '300', at: null, asset: { code: 'GEMS' } });
  expect((await coffer.call('GET', '/accounts/bank?unit=major')).body).toMatchObject({ balance: '-30.00' });
  expect((await coffer.call('GET', `/accounts/expense:promo?at=${before}`)).body).toMatchObject({ balance: '0' });
  expect((await coffer.call('GET', '/accounts/treasury?asset=GOLD')).body).toMatchObject({ balance: '1000000', builtIn: true });
  expect((await coffer.call('GET', '/accounts/none')).body).toMatchObject({ code: 'account_not_found' });
  expect((await coffer.call('GET', '/accounts/fees?asset=NONE')).body).toMatchObject({ code: 'asset_unknown' });
});
