/** Amounts as decimals of an asset: exact or refused, and shown as such where the caller asks. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { inUnit } from '../../packages/coffer/src/gateway/http/units.ts';
import { amountTextPattern } from '../../packages/coffer/src/operations/index.ts';
import { useCoffer } from './fixture.ts';

const { coffer, expectRefused } = useCoffer();
const call = (method: string, path: string, body?: object) => coffer.call(method, path, body);
const unit = 'major';

beforeAll(async () => {
  await call('POST', '/assets', { code: 'WEI', scale: 18, name: 'Wei', kind: 'crypto' });
  await call('POST', '/assets', { code: 'JPY', scale: 0, name: 'Yen', kind: 'currency' });
  await call('POST', '/wallet', { id: 'wei', asset: 'WEI' });
  await call('POST', '/wallet', { id: 'yen', asset: 'JPY' });
});

test('an amount in major units is counted exactly in the asset of the wallet, or of the asset named', async () => {
  expect(await call('POST', '/wallet/usd/deposit', { amount: '12.34', unit })).toMatchObject({
    status: 201,
    body: { amount: '12.34', balance: '12.34', available: '12.34', held: '0.00' },
  });
  expect((await call('GET', '/wallet/usd')).body).toMatchObject({ balance: '1234' });
  const wei = await call('POST', '/wallet/wei/deposit', { amount: '9.223372036854775809', unit });
  expect(wei.body).toMatchObject({ amount: '9.223372036854775809', asset: { code: 'WEI' } });
  expect((await call('GET', '/wallet/wei')).body).toMatchObject({ balance: '9223372036854775809' });
  expect((await call('POST', '/wallet/yen/deposit', { amount: 12, unit })).body).toMatchObject({ amount: '12', balance: '12' });
  expect((await call('POST', '/wallet/new-wei/deposit', { amount: '0.5', asset: 'WEI', unit })).body).toMatchObject({
    balance: `0.5${'0'.repeat(17)}`,
  });
});

test('a retry under the same key is the same operation', async () => {
  const deposit = { amount: '1.50', unit, requestId: 'twice' };
  const first = await call('POST', '/wallet/retried/deposit', deposit);
  expect(first.status).toBe(201);
  expect((await call('POST', '/wallet/retried/deposit', deposit)).body).toEqual(first.body);
  expect((await call('GET', '/wallet/retried?unit=major')).body).toMatchObject({ balance: '1.50' });
});

test('every operation with an amount takes major units', async () => {
  await call('POST', '/wallet/all/deposit', { amount: '100', unit });
  await call('POST', '/wallet/other/deposit', { amount: '1', unit });
  const hold = await call('POST', '/wallet/all/holds', { amount: '10.10', unit });
  expect(hold.body).toMatchObject({ amount: '10.10', left: '10.10', held: '10.10', available: '89.90' });
  const { holdId } = hold.body as { holdId: string };
  expect((await call('POST', `/holds/${holdId}/capture`, { amount: '0.10', unit })).body).toMatchObject({ amount: '0.10', left: '10.00' });
  expect((await call('POST', `/holds/${holdId}/release`, { amount: '9', unit })).body).toMatchObject({ amount: '9.00', left: '1.00' });
  const moved = await call('POST', '/wallet/all/transfer', { toWalletId: 'other', amount: '5.05', minimumBalance: '0.01', unit });
  expect(moved.body).toMatchObject({ amount: '5.05', from: { balance: '94.85' }, to: { balance: '6.05' } });
  const { operationId } = moved.body as { operationId: string };
  expect((await call('POST', `/operations/${operationId}/reverse`, { amount: '0.05', reason: 'r', unit })).body).toMatchObject({
    amount: '0.05',
    reversed: '0.05',
  });
  expect((await call('PUT', '/wallet/all/limits', { perDay: '50.5', perTransfer: null, reason: 'r', unit })).body).toMatchObject({
    limits: { perDay: '50.50', perTransfer: null },
  });
  expect((await call('PUT', '/wallet/all/credit-line', { creditLimit: '7', reason: 'r', unit })).body).toMatchObject({
    creditLimit: '7.00',
  });
  expect((await call('POST', '/wallet', { id: 'credit', asset: 'WEI', creditLimit: '0.1', unit })).body).toMatchObject({
    creditLimit: `0.1${'0'.repeat(17)}`,
  });
  expect((await call('GET', '/wallet/all?unit=major')).body).toMatchObject({ balance: '94.90', limits: { perDay: '50.50' } });
  expect((await call('GET', '/wallet/all')).body).toMatchObject({ balance: '9490', limits: { perDay: '5050' } });
});

test('every read shows major units where it is asked for', async () => {
  const metadata = { amount: '7', balance: '7' };
  const deposit = await call('POST', '/wallet/read/deposit', { amount: 1050, requestId: 'k', metadata });
  const { operationId } = deposit.body as { operationId: string };
  const hold = await call('POST', '/wallet/read/holds', { amount: 50 });
  const { holdId } = hold.body as { holdId: string };
  const ask = async (path: string) => (await call('GET', `${path}${path.includes('?') ? '&' : '?'}unit=major`)).body;
  expect(await ask(`/operations/${operationId}`)).toMatchObject({ amount: '10.50', metadata });
  expect(await ask('/wallet/read/operations/k')).toMatchObject({ amount: '10.50', credit: { balance: '10.50' } });
  expect(await ask('/wallet/read/history')).toMatchObject({
    items: [{ heldAfter: '0.50' }, { amount: '10.50', balanceAfter: '10.50', metadata }],
  });
  expect(await ask('/wallet/read/stats')).toMatchObject({ balance: '10.50', deposited: '10.50', withdrawn: '0.00' });
  expect(await ask(`/wallet/read/balance?at=${new Date(Date.now() + 1_000).toISOString()}`)).toMatchObject({
    balance: '10.50',
    held: '0.50',
  });
  expect(await ask('/wallet/read/holds')).toMatchObject({ items: [{ amount: '0.50', left: '0.50' }] });
  expect(await ask(`/holds/${holdId}`)).toMatchObject({ amount: '0.50', parts: [{ amount: '0.50' }] });
  expect((await call('GET', '/wallet/read?unit=cents')).status).toBe(400);
});

test('what is not exact is refused with the form, and nothing changes', async () => {
  for (const [id, amount, sentence] of [
    ['usd', '12.345', 'an amount of USD: a decimal with at most 2 places, such as "12.50"'],
    ['usd', '0.00', 'at least 1'],
    ['usd', '1e2', 'amount'],
    ['usd', '-1', 'amount'],
    ['usd', 1.5, 'amount'],
    ['usd', '9'.repeat(38), 'an amount of USD'],
    ['yen', '1.0', 'an amount of JPY: a whole number'],
  ] as const) {
    const refused = await call('POST', `/wallet/${id}/deposit`, { amount, unit });
    await expectRefused(refused, 400);
    expect(refused.body['detail']).toContain(sentence);
  }
  const minor = await call('POST', '/wallet/usd/deposit', { amount: '12.34' });
  await expectRefused(minor, 400);
  expect(minor.body['detail']).toContain('a whole number of minor units');
  await expectRefused(await call('POST', '/wallet/usd/deposit', { amount: '12.34', unit: 'cents' }), 400);
});

test('what does not exist is refused as in minor units', async () => {
  for (const [path, body, code] of [
    ['/wallet/none/withdraw', { amount: '1.5' }, 'wallet_not_found'],
    ['/wallet/usd/deposit', { amount: '1.5', asset: 'NONE' }, 'asset_unknown'],
    ['/wallet/usd/deposit', { amount: '1.5', asset: 'WEI' }, 'asset_mismatch'],
    ['/holds/1-999999/capture', { amount: '1.5' }, 'hold_not_found'],
    ['/operations/1-999999/reverse', { amount: '1.5', reason: 'r' }, 'operation_not_found'],
  ] as const) {
    const minor = await call('POST', path, { ...body, amount: '1' });
    const major = await call('POST', path, { ...body, unit });
    expect([major.status, major.body['code']]).toEqual([minor.status, code]);
  }
});

test('each item of a batch has its own unit', async () => {
  const { body } = await call('POST', '/operations/batch', {
    operations: [
      { type: 'deposit', walletId: 'batch', amount: '1.25', unit },
      { type: 'deposit', walletId: 'batch', amount: '1' },
      { type: 'withdraw', walletId: 'nothing', amount: '0.01', unit },
    ],
  });
  expect(body).toMatchObject({
    results: [{ amount: '1.25', balance: '1.25' }, { amount: '1', balance: '126' }, { code: 'wallet_not_found' }],
  });
  const refused = await call('POST', '/operations/batch', { operations: [{ type: 'deposit', walletId: 'batch', amount: '1.255', unit }] });
  expect(refused.status).toBe(400);
  expect(refused.body['detail']).toContain('operations[0]: "amount" must be an amount of USD');
});

test('every amount of an answer is known by its name', () => {
  type Described = { readonly properties?: Readonly<Record<string, { readonly pattern?: string }>> };
  const file = path.resolve(import.meta.dirname, '../../docs/openapi.json');
  const { components } = JSON.parse(readFileSync(file, 'utf8')) as { components: { schemas: Record<string, Described> } };
  const names = Object.values(components.schemas).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, { pattern }]) => (pattern === amountTextPattern ? [name] : [])),
  );
  // An asynchronous request names no asset.
  const wanted = [...new Set(names)].filter((name) => name !== 'heldAmount');
  expect(wanted.length).toBeGreaterThan(20);
  for (const name of wanted) expect(inUnit('major', { asset: { scale: 2 }, [name]: '1234' })).toMatchObject({ [name]: '12.34' });
});
