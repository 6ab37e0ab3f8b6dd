// Every operation and every read of ledger.LedgerService, through a client generated from the contract.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alice } from '../http/product.ts';
import { startBoth, textOf } from './both.ts';
import type { Both, Message } from './both.ts';

const int64Max = String(2n ** 63n - 1n);
let both: Both;
let asAlice: string;
beforeAll(async () => {
  both = await startBoth();
  asAlice = await both.login(alice);
});
afterAll(() => both.stop());

const deposit = (wallet_id: string, amount: number | string, more: object = {}) => ({ deposit: { wallet_id, amount, ...more } });
const key = (request_id: string) => ({ terms: { request_id } });
const wallet = (wallet_id: string) => both.ask('GetWallet', { wallet_id });
const postAs = async (authorization: string, operations: object[]) =>
  ((await both.call('Post', { operations }, authorization)).message as unknown as { results: Message[] }).results;

async function one(operation: object): Promise<Message> {
  const [result] = await both.post([operation]);
  return result ?? {};
}

async function done(operation: object): Promise<Message & { readonly operation_id: string }> {
  const result = await one(operation);
  expect([result['status'], result['problem']]).toEqual(['completed', null]);
  return { ...result, operation_id: textOf(result['operation_id']) };
}

describe('an operation', () => {
  test('opens a wallet with a chosen id and a credit line', async () => {
    const opened = await done({ open_wallet: { ...key('o1'), wallet_id: 'opened', asset: 'GOLD', credit_limit: 50 } });
    expect(opened).toMatchObject({ type: 'open', request_id: 'o1', asset: 'GOLD', replayed: false, from: null, to: null });
    expect(opened).toMatchObject({ wallet: { id: 'opened', balance: '0', held: '0', version: '0' } });
    expect(opened).not.toHaveProperty('amount');
    expect(await wallet('opened')).toMatchObject({ owner_id: '', asset: 'GOLD', available: '50', credit_limit: '50', status: 'active' });
  });

  test('opens the wallet of an owner, with the owner id in any case', async () => {
    const opened = await done({ open_wallet: { owner_id: alice.toUpperCase(), asset: 'USD' } });
    expect(opened['wallet']).toMatchObject({ id: `${alice}.USD` });
    for (const request of [{ owner_id: alice.toUpperCase() }, {}]) {
      expect((await both.call('ListWallets', request, asAlice)).message).toMatchObject({
        wallets: [{ asset: 'GOLD', owner_id: alice }, { asset: 'POINTS' }, { asset: 'USD', id: `${alice}.USD` }],
        next: '',
      });
    }
  });

  test('deposits, withdraws and transfers', async () => {
    expect(await done(deposit('m1', 100, { terms: { request_id: 'd', metadata: '{ "order": 1.0 }' } }))).toMatchObject({
      type: 'deposit',
      amount: '100',
      asset: 'USD',
      metadata: '{"order":1}',
      effective_at: '',
      reason: '',
      actor: '',
      wallet: { id: 'm1', balance: '100', version: '1' },
    });
    await done(deposit('m2', 1));
    expect(await done({ withdraw: { wallet_id: 'm1', amount: 10 } })).toMatchObject({ type: 'withdrawal', wallet: { balance: '90' } });
    expect(await done({ transfer: { wallet_id: 'm1', to_wallet_id: 'm2', amount: 30, asset: 'USD' } })).toMatchObject({
      type: 'transfer',
      amount: '30',
      wallet: { id: 'm1', balance: '60', version: '3' },
      from: { id: 'm1', balance: '60' },
      to: { id: 'm2', balance: '31', version: '2' },
    });
  });

  test('tops up from the treasury and spends, for an owner; open mode still requires a login', async () => {
    const [up, spent] = await postAs(asAlice, [
      { top_up: { owner_id: alice, amount: 300, asset: 'GOLD' } },
      { spend: { owner_id: alice, amount: 20, asset: 'GOLD' } },
    ]);
    expect(up).toMatchObject({ type: 'topup', wallet: { id: `${alice}.GOLD`, balance: '1300' }, to: { balance: '1300' } });
    expect(up?.['from']).toEqual({ id: '$treasury/1', version: '0', balance_text: '', held_text: '' });
    expect(spent).toMatchObject({ type: 'spend', wallet: { balance: '1280' } });
    const nobody = await both.call('Post', { operations: [{ spend: { owner_id: alice, amount: 1, asset: 'GOLD' } }] });
    expect(nobody).toMatchObject({ status: status.UNAUTHENTICATED, trailer: { 'coffer-code': 'unauthenticated' } });
  });

  test('holds, captures and releases', async () => {
    await done(deposit('h1', 100));
    const held = await done({ hold: { wallet_id: 'h1', amount: 60, expires_in_seconds: 600 } });
    const hold_id = held.operation_id;
    expect(held).toMatchObject({ type: 'hold', amount: '60', hold: { hold_id, left: '60' }, wallet: { balance: '100', held: '60' } });
    expect(Date.parse((held['hold'] as { expires_at: string }).expires_at) - Date.parse(textOf(held['created_at']))).toBe(600_000);
    await done(deposit('h2', 1));
    expect(await done({ capture: { hold_id, amount: 20, to_wallet_id: 'h2' } })).toMatchObject({
      type: 'capture',
      amount: '20',
      hold: { hold_id, left: '40' },
      from: { id: 'h1', balance: '80', held: '40' },
      to: { id: 'h2', balance: '21' },
    });
    expect(await done({ release: { hold_id, amount: 15 } })).toMatchObject({ type: 'release', amount: '15', hold: { left: '25' } });
    expect(await done({ capture: { hold_id, amount: 5, to: 'fees', final: true } })).toMatchObject({ hold: { left: '0' } });
    expect(await both.ask('GetHold', { hold_id })).toMatchObject({
      hold_id,
      wallet_id: 'h1',
      asset: 'USD',
      amount: '60',
      left: '0',
      captured: '25',
      released: '35',
      status: 'captured',
    });
    const open = await done({ hold: { wallet_id: 'h1', amount: 1 } });
    expect(open['hold']).toMatchObject({ expires_at: '' });
    expect(await both.ask('ListHolds', { wallet_id: 'h1', open: true })).toMatchObject({
      holds: [{ hold_id: open.operation_id }],
      next: '',
    });
    const first = await both.ask('ListHolds', { wallet_id: 'h1', limit: 1 });
    expect(await both.ask('ListHolds', { wallet_id: 'h1', limit: 1, cursor: first['next'] })).toMatchObject({ holds: [{ hold_id }] });
  });

  test('reverses in full or in parts', async () => {
    const { operation_id } = await done(deposit('r1', 100));
    const part = await done({ reverse: { operation_id, amount: 30, reason: 'half of it' } });
    expect(part).toMatchObject({
      type: 'reversal',
      reverses: operation_id,
      reversed: '30',
      reason: 'half of it',
      actor: 'anonymous',
      wallet: { id: 'r1', balance: '70' },
    });
    const rest = await done({ reverse: { operation_id, reason: 'the rest' } });
    expect(rest).toMatchObject({ amount: '70', reversed: '100' });
    expect(await both.ask('GetOperation', { operation_id })).toMatchObject({
      operation_id,
      reversed: '100',
      reversed_by: [part.operation_id, rest.operation_id],
    });
  });

  test('freezes, unfreezes, sets limits and a credit line, and closes', async () => {
    await done(deposit('c1', 100));
    await done(deposit('c2', 1));
    const decided = { wallet_id: 'c1', reason: 'a test' };
    expect(await done({ freeze: { ...decided, sides: 'debits' } })).toMatchObject({ type: 'freeze', reason: 'a test', actor: 'anonymous' });
    expect(await wallet('c1')).toMatchObject({ status: 'frozen', debits: 'frozen', credits: 'active', limits: null });
    expect(await done({ unfreeze: decided })).toMatchObject({ type: 'unfreeze' });
    expect(await done({ set_limits: { ...decided, per_transfer: 0, per_month: int64Max } })).toMatchObject({ type: 'limit' });
    const limited = await wallet('c1');
    const limits = { per_transfer: '0', per_month: int64Max, used_today: '0', used_this_month: '0' };
    const texts = Object.fromEntries(Object.entries(limits).map(([name, limit]) => [`${name}_text`, limit]));
    expect(limited['limits']).toEqual({ ...limits, ...texts, per_day_text: '' });
    expect(await done({ set_limits: decided })).toMatchObject({ type: 'limit' });
    expect(await wallet('c1')).toMatchObject({ limits: null });
    expect(await done({ set_credit_line: { ...decided, credit_limit: 7 } })).toMatchObject({ type: 'credit_line' });
    expect(await wallet('c1')).toMatchObject({ credit_limit: '7', available: '107' });
    expect(await done({ close: { ...decided, sweep_to: 'c2' } })).toMatchObject({ type: 'close', amount: '100', to: { balance: '101' } });
    expect(await wallet('c1')).toMatchObject({ status: 'closed', balance: '0' });
    await done(deposit('c3', 5));
    expect(await done({ close: { wallet_id: 'c3', reason: 'a test', sweep_to: 'breakage', sides: 'both' } })).toMatchObject({
      amount: '5',
    });
  });

  test('takes up to an amount, keeps a minimum balance, and has an effective date', async () => {
    const opened = textOf((await done({ open_wallet: { wallet_id: 't1' } }))['created_at']);
    await done(deposit('t1', 100, { money: { effective_at: opened } }));
    const keeping = { wallet_id: 't1', amount: 80, money: { minimum_balance: 25 } };
    expect((await one({ withdraw: keeping }))['problem']).toMatchObject({ code: 'balance_below_minimum' });
    await done({ hold: { wallet_id: 't1', amount: 25 } });
    const asked = { wallet_id: 't1', amount: 500, money: { up_to: true } };
    expect(await done({ withdraw: asked })).toMatchObject({ amount: '75', asked_amount: '500', wallet: { balance: '25' } });
    const past = await both.ask('GetBalanceAt', { wallet_id: 't1', at: opened, by: 'effective' });
    expect(past).toEqual({ wallet_id: 't1', at: opened, by: 'effective', balance: '100', balance_text: '100', held_text: '' });
    const now = await both.ask('GetBalanceAt', { wallet_id: 't1', at: '2100-01-01T00:00:00Z' });
    expect(now).toMatchObject({ by: 'recorded', balance: '25', held: '25', version: '3' });
    expect(await both.call('GetBalanceAt', { wallet_id: 't1', at: '2000-01-01T00:00:00Z' })).toMatchObject({ status: status.NOT_FOUND });
  });

  test('of an atomic request is done with all others or not at all', async () => {
    expect(await both.post([deposit('a1', 5), { withdraw: { wallet_id: 'a1', amount: 2 } }], { atomic: true })).toMatchObject([
      { status: 'completed' },
      { status: 'completed', wallet: { balance: '3' } },
    ]);
    const refused = await both.post([deposit('a1', 5), { withdraw: { wallet_id: 'a1', amount: 20 } }], { atomic: true });
    expect(refused).toMatchObject([
      { status: 'refused', problem: { code: 'linked_operation_refused', facts: [{ name: 'refused', value: '1' }] } },
      { status: 'refused', problem: { code: 'insufficient_funds' } },
    ]);
    expect(await wallet('a1')).toMatchObject({ balance: '3' });
  });

  test('sent again gets the same answer, over either transport', async () => {
    const sent = deposit('k1', 10, { terms: { request_id: 'once', metadata: '{"a":1}' } });
    const first = await done(sent);
    expect(await done(sent)).toEqual({ ...first, replayed: true });
    const overRest = await both.rest('POST', '/wallet/k1/deposit', { amount: 10, requestId: 'once', metadata: { a: 1 } });
    expect([overRest.status, overRest.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(overRest.body).toMatchObject({ operationId: first.operation_id, balance: '10' });
    await both.rest('POST', '/wallet/k1/withdraw', { amount: 11, requestId: 'refused there' });
    const refused = await one({ withdraw: { ...key('refused there'), wallet_id: 'k1', amount: 11 } });
    expect(refused).toMatchObject({ status: 'refused', replayed: true, problem: { code: 'insufficient_funds' } });
    const found = await both.ask('GetOperation', { wallet_id: 'k1', request_id: 'once' });
    // A read also names who asked for it.
    expect(found).toEqual({ ...first, replayed: false, actor: 'anonymous' });
  });

  test('in a request of a thousand is answered, even if the answer exceeds the size limit of requests', async () => {
    const metadata = JSON.stringify({ note: 'x'.repeat(980) });
    const results = await both.post(Array.from({ length: 1_000 }, () => deposit('long', 1, { terms: { metadata } })));
    expect(results.map(({ status }) => status)).toEqual(results.map(() => 'completed'));
    expect(results).toHaveLength(1_000);
  });
});

describe('amounts', () => {
  test('reach the maximum of int64; a larger balance has only its text, and is exact over REST', async () => {
    const most = await done(deposit('big', int64Max));
    expect(most).toMatchObject({ amount: int64Max, wallet: { balance: int64Max } });
    const more = await done(deposit('big', int64Max));
    expect(more['amount']).toBe(int64Max);
    const twice = String(2n * (2n ** 63n - 1n));
    const state = { id: 'big', balance_text: twice, held: '0', held_text: '0', version: '2' };
    expect(more['wallet']).toEqual(state);
    const read = await wallet('big');
    expect([read['balance'], read['available'], read['held']]).toEqual([undefined, undefined, '0']);
    expect([read['balance_text'], read['available_text']]).toEqual([twice, twice]);
    const exact = await both.rest('GET', '/wallet/big');
    expect(exact.body['balance']).toBe(twice);
    const stats = await both.ask('GetStats', { wallet_id: 'big' });
    expect(stats).not.toHaveProperty('deposited');
    expect(stats['deposited_text']).toBe(twice);
    const [line] = (await both.ask('GetHistory', { wallet_id: 'big', limit: 1 }))['items'] as Message[];
    expect(line?.['wallet']).toEqual(state);
  });

  test('as texts are exact at any size, and decimals of the asset in the unit major', async () => {
    const huge = '9'.repeat(38);
    expect(await done({ deposit: { wallet_id: 'texts', amount_text: huge } })).toMatchObject({
      amount_text: huge,
      wallet: { balance_text: huge },
    });
    const unit = 'major';
    const made = await done({ deposit: { wallet_id: 'decimals', amount_text: '12.34', terms: { unit } } });
    expect(made).toMatchObject({ amount: '1234', amount_text: '12.34', wallet: { balance: '1234', balance_text: '12.34' } });
    expect(await done({ deposit: { wallet_id: 'decimals', amount: 2, terms: { unit } } })).toMatchObject({
      amount: '200',
      amount_text: '2.00',
    });
    const hold = await done({
      hold: { wallet_id: 'decimals', amount_text: '0.04', money: { minimum_balance_text: '14' }, terms: { unit } },
    });
    expect(hold).toMatchObject({ amount: '4', hold: { left_text: '0.04' } });
    const limited = { wallet_id: 'decimals', per_day_text: '5.5', reason: 'r', terms: { unit } };
    await done({ set_limits: limited });
    expect(await both.ask('GetWallet', { wallet_id: 'decimals', unit })).toMatchObject({
      balance: '1434',
      balance_text: '14.34',
      available_text: '14.30',
      limits: { per_day: '550', per_day_text: '5.50', used_today_text: '0.04' },
    });
    expect(await both.ask('GetOperation', { operation_id: made.operation_id, unit })).toMatchObject({ amount_text: '12.34' });
    expect(await both.ask('GetHold', { hold_id: hold.operation_id, unit })).toMatchObject({ amount_text: '0.04', left_text: '0.04' });
    for (const [deposit, sentence] of [
      [{ amount_text: '12.345', terms: { unit } }, 'an amount of USD'],
      [{ amount_text: '12.34' }, 'a whole number of minor units'],
      [{ amount: 1, amount_text: '1' }, 'not both'],
      [{ amount_text: '1', terms: { unit: 'cents' } }, '"unit" must be minor or major'],
    ] as const) {
      const refused = await both.call('Post', { operations: [{ deposit: { wallet_id: 'decimals', ...deposit } }] });
      expect(refused).toMatchObject({ status: status.INVALID_ARGUMENT, details: expect.stringContaining(sentence) as unknown });
    }
  });

  test('of zero or less are malformed, also as an optional amount: absent is not zero', async () => {
    const { operation_id } = await done(deposit('z1', 10));
    const held = await done({ hold: { wallet_id: 'z1', amount: 4 } });
    const refused = [
      deposit('z1', 0),
      deposit('z1', -1),
      deposit('z1', String(-(2n ** 63n))),
      { capture: { hold_id: held.operation_id, amount: 0 } },
      { release: { hold_id: held.operation_id, amount: 0 } },
      { reverse: { operation_id, amount: 0, reason: 'none' } },
      { hold: { wallet_id: 'z1', amount: 1, expires_in_seconds: 0 } },
      { set_limits: { wallet_id: 'z1', per_day: -1, reason: 'less than none' } },
      { set_credit_line: { wallet_id: 'z1', credit_limit: -1, reason: 'less than none' } },
    ];
    for (const operation of refused) {
      const reply = await both.call('Post', { operations: [deposit('z1', 1), operation] });
      expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'request_invalid' } });
      expect(reply.details).toMatch(/^operations\[1\]: /);
    }
    expect(await wallet('z1')).toMatchObject({ balance: '10', held: '4' });
    const stale = await one(deposit('z1', 1, { terms: { expected_version: 0 } }));
    expect(stale['problem']).toMatchObject({ code: 'version_stale' });
    const kept = await one({ withdraw: { wallet_id: 'z1', amount: 6, money: { minimum_balance: 0 } } });
    expect(kept).toMatchObject({ status: 'completed' });
  });
});

describe('reads', () => {
  test('page through history and events, and return the next cursor', async () => {
    for (const amount of [1, 2, 3]) await done(deposit('p1', amount));
    const first = await both.ask('GetHistory', { wallet_id: 'p1', limit: 2 });
    expect(first).toMatchObject({ items: [{ amount: '3', wallet: { balance: '6' } }, { amount: '2' }] });
    const second = await both.ask('GetHistory', { wallet_id: 'p1', limit: 2, cursor: first['next'] });
    expect(second).toMatchObject({ items: [{ amount: '1', wallet: { id: 'p1', balance: '1' } }], next: '' });
    let cursor = '';
    const types: unknown[] = [];
    for (let before: string | null = null; before !== cursor;) {
      before = cursor;
      const { events, next } = await both.ask('ListEvents', { limit: 500, cursor });
      types.push(...(events as unknown as { type: string }[]).map(({ type }) => type));
      cursor = textOf(next);
    }
    expect(types).toContain('FundsDeposited');
    await done(deposit('p1', 4));
    const { events } = await both.ask('ListEvents', { cursor });
    expect(events).toMatchObject([{ type: 'FundsDeposited', wallet_id: 'p1' }]);
  });

  test('list the assets', async () => {
    const { assets } = await both.ask('ListAssets', {});
    const known = { id: '3', code: 'USD', scale: 2, name: expect.any(String) as string, kind: 'currency', retired: false };
    expect(assets).toContainEqual(known);
  });

  test('add an account, list it, change it', async () => {
    const revenue = { id: 'revenue:grpc', asset: 'USD', type: 'revenue', name: 'Revenue' };
    const added = await both.ask('AddAccount', revenue);
    expect(added).toMatchObject({ ...revenue, floor: '', parent: '', built_in: false });
    expect(await both.ask('AddAccount', revenue)).toEqual(added);
    const { accounts } = await both.ask('ListAccounts', {});
    expect(accounts).toContainEqual(added);
    expect(accounts).toContainEqual(expect.objectContaining({ id: 'treasury', type: 'equity', asset: '', built_in: true }));
    for (const [change, code, answer] of [
      [{ type: 'equity' }, 'account_exists', status.ALREADY_EXISTS],
      [{ id: 'fees' }, 'account_invalid', status.INVALID_ARGUMENT],
      [{ id: 'other', floor: '1.5' }, 'account_invalid', status.INVALID_ARGUMENT],
      [{ id: 'other', asset: 'NONE' }, 'asset_unknown', status.INVALID_ARGUMENT],
      [{ id: 'other', parent: 'none' }, 'account_parent_unknown', status.FAILED_PRECONDITION],
    ] as const)
      expect(await both.call('AddAccount', { ...revenue, ...change })).toMatchObject({ status: answer, trailer: { 'coffer-code': code } });
    await both.ask('AddAccount', { ...revenue, id: 'revenue:below', parent: 'revenue:grpc' });
    expect(await both.call('ChangeAccount', { id: 'revenue:grpc', parent: 'revenue:below' })).toMatchObject({
      trailer: { 'coffer-code': 'account_cycle' },
    });
    expect(await both.ask('ChangeAccount', { id: 'revenue:below', name: 'Below', parent: '' })).toMatchObject({
      name: 'Below',
      parent: '',
    });
    expect(await both.call('ChangeAccount', { id: 'none', name: 'None' })).toMatchObject({ status: status.NOT_FOUND });
    await both.post([{ deposit: { wallet_id: 'payer', amount: 50, asset: 'USD' } }]);
    await both.post([{ move: { from: { wallet: 'payer' }, to: { account: 'revenue:grpc' }, amount: 20 } }]);
    expect(await both.ask('GetAccount', { id: 'revenue:grpc' })).toMatchObject({
      asset: 'USD',
      balance: '20',
      account: { id: 'revenue:grpc' },
    });
    expect(await both.ask('GetAccount', { id: 'treasury', asset: 'GOLD' })).toMatchObject({ balance: expect.any(String) as string });
    expect(await both.call('GetAccount', { id: 'none' })).toMatchObject({ trailer: { 'coffer-code': 'account_not_found' } });
    expect(await both.call('GetTrialBalance', { at: 'yesterday' })).toMatchObject({ status: status.INVALID_ARGUMENT });
    for (const { debit, credit } of (await both.ask('GetTrialBalance', {}))['assets'] as Message[]) expect(debit).toBe(credit);
    const dollars = (report: Message) => (report['assets'] as Message[]).find(({ asset }) => asset === 'USD');
    const income = dollars(await both.ask('GetIncome', {})) ?? {};
    const lines = (income['sections'] as Message[]).flatMap(({ lines: some }) => some as Message[]);
    expect(lines.find(({ account }) => account === 'revenue:grpc')).toMatchObject({ balance: '20', total: '20' });
    expect(dollars(await both.ask('GetBalanceSheet', {}))).toMatchObject({ result: textOf(income['result']) });
  });

  test('add an asset, open a wallet in it, rename and retire it', async () => {
    const yen = { code: 'JPY', scale: 0, name: 'Yen', kind: 'currency' };
    const added = await both.ask('AddAsset', yen);
    expect(added).toMatchObject({ ...yen, retired: false });
    expect(await both.ask('AddAsset', yen)).toEqual(added);
    await done({ open_wallet: { wallet_id: 'y1', asset: 'JPY' } });
    expect(await both.call('AddAsset', { ...yen, scale: 2 })).toMatchObject({
      status: status.ALREADY_EXISTS,
      trailer: { 'coffer-code': 'asset_exists' },
    });
    expect(await both.call('AddAsset', { ...yen, code: 'jpy' })).toMatchObject({ status: status.INVALID_ARGUMENT });
    expect(await both.ask('ChangeAsset', { code: 'JPY', name: 'Japanese Yen', retired: true })).toMatchObject({
      name: 'Japanese Yen',
      retired: true,
    });
    expect(await both.ask('ChangeAsset', { code: 'JPY', name: 'Yen' })).toMatchObject({ name: 'Yen', retired: true });
    expect(await both.call('ChangeAsset', { code: 'NONE', name: 'None' })).toMatchObject({ status: status.NOT_FOUND });
    const { results } = await both.ask('Post', { operations: [{ open_wallet: { wallet_id: 'y2', asset: 'JPY' } }] });
    expect(results).toMatchObject([{ status: 'refused', problem: { code: 'asset_retired' } }]);
  });

  test.each([
    ['GetWallet', { wallet_id: 'nobody' }, 'wallet_not_found'],
    ['GetHistory', { wallet_id: 'nobody' }, 'wallet_not_found'],
    ['GetStats', { wallet_id: 'nobody' }, 'wallet_not_found'],
    ['GetBalanceAt', { wallet_id: 'nobody', at: '2026-01-01T00:00:00Z' }, 'wallet_not_found'],
    ['ListHolds', { wallet_id: 'nobody' }, 'wallet_not_found'],
    ['GetHold', { hold_id: '1-1' }, 'hold_not_found'],
    ['GetHold', { hold_id: '999-999' }, 'hold_not_found'],
    ['GetOperation', { operation_id: '9-9' }, 'operation_not_found'],
    ['GetOperation', { wallet_id: 'p1', request_id: 'never' }, 'operation_not_found'],
  ])('%s of %j is NOT_FOUND', async (name, request, code) => {
    expect(await both.call(name, request)).toMatchObject({ status: status.NOT_FOUND, trailer: { 'coffer-code': code } });
  });

  test.each([
    ['GetWallet', {}],
    ['GetStats', { wallet_id: '$treasury/1' }],
    ['GetHistory', { wallet_id: 'p1', limit: 501 }],
    ['GetHistory', { wallet_id: 'p1', cursor: 'x' }],
    ['ListEvents', { limit: -1 }],
    ['ListEvents', { cursor: '1-1:2-2' }],
    ['GetBalanceAt', { wallet_id: 'p1', at: 'yesterday' }],
    ['GetBalanceAt', { wallet_id: 'p1', at: '2026-01-01T00:00:00Z', by: 'heart' }],
    ['GetOperation', { wallet_id: 'p1' }],
  ])('%s of %j is INVALID_ARGUMENT', async (name, request) => {
    expect(await both.call(name, request)).toMatchObject({
      status: status.INVALID_ARGUMENT,
      trailer: { 'coffer-code': 'request_invalid' },
    });
  });
});
