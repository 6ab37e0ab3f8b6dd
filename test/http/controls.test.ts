import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer, expectRefused } = useCoffer();

let wallets = 0;
async function funded(amount: number): Promise<string> {
  const id = `controlled-${++wallets}`;
  await coffer.call('POST', `/wallet/${id}/deposit`, { amount });
  return id;
}
const post = (wallet: string, what: string, body: object) => coffer.call('POST', `/wallet/${wallet}/${what}`, body);
const put = (wallet: string, what: string, body: object) => coffer.call('PUT', `/wallet/${wallet}/${what}`, body);
const wallet = async (id: string) => (await coffer.call('GET', `/wallet/${id}`)).body;
const reason = 'as the test wants it';

describe('freezing', () => {
  test('blocks the named directions until unfreezing; both record the reason and the actor', async () => {
    const id = await funded(100);
    const frozen = await post(id, 'freeze', { sides: 'debits', reason, requestId: 'f1' });
    expect(frozen).toMatchObject({
      status: 201,
      body: {
        type: 'freeze',
        status: 'completed',
        walletId: id,
        debits: 'frozen',
        credits: 'active',
        balance: '100',
        version: 2,
        reason,
        actor: 'anonymous',
      },
    });
    expect((await post(id, 'freeze', { sides: 'debits', reason, requestId: 'f1' })).text).toBe(frozen.text);
    expect(await wallet(id)).toMatchObject({ status: 'frozen', debits: 'frozen', credits: 'active' });
    const refused = await post(id, 'withdraw', { amount: 1 });
    expect(refused).toMatchObject({ status: 422, body: { code: 'wallet_frozen', wallet: id, side: 'debits' } });
    expect(refused.body['detail']).toBe(`"${id}" is frozen for debits. An operator can unfreeze it; then retry with a new key.`);
    expect((await post(id, 'deposit', { amount: 1 })).status).toBe(201);
    const again = await post(id, 'freeze', { sides: 'debits', reason });
    expect(again).toMatchObject({ status: 409, body: { code: 'nothing_to_change' } });
    expect(again.body['detail']).toContain('already has the requested state');
    expect((await post(id, 'unfreeze', { reason })).body).toMatchObject({ type: 'unfreeze', debits: 'active', credits: 'active' });
    expect((await post(id, 'withdraw', { amount: 1 })).status).toBe(201);
    const { body } = await coffer.call('GET', `/operations/${String(frozen.body['operationId'])}`);
    expect(body).toMatchObject({ type: 'freeze', reason, actor: 'anonymous', controls: { debits: 'frozen', credits: 'open' } });
    const history = (await coffer.call('GET', `/wallet/${id}/history`)).body['items'];
    expect(history).toMatchObject([
      { type: 'withdrawal' },
      { type: 'unfreeze', direction: 'none', amount: null, reason, balanceAfter: '101' },
      { type: 'deposit' },
      { type: 'freeze', direction: 'none', amount: null, reason, balanceAfter: '100' },
      { type: 'deposit' },
    ]);
  });
});

describe('closing', () => {
  test('is permanent', async () => {
    const id = await funded(5);
    await post(id, 'withdraw', { amount: 5 });
    expect((await post(id, 'close', { reason })).body).toMatchObject({ type: 'close', debits: 'closed', credits: 'closed' });
    expect(await wallet(id)).toMatchObject({ status: 'closed' });
    const refused = await post(id, 'deposit', { amount: 1 });
    expect(refused).toMatchObject({ status: 422, body: { code: 'wallet_closed', side: 'credits' } });
    expect(refused.body['detail']).toContain('cannot be undone');
    expect(await post(id, 'unfreeze', { reason })).toMatchObject({ status: 422, body: { code: 'wallet_closed' } });
  });

  test('is refused while the wallet has a balance, unless the request names a wallet for it', async () => {
    const id = await funded(75);
    const refused = await post(id, 'close', { reason });
    expect(refused).toMatchObject({ status: 422, body: { code: 'wallet_not_empty', balance: '75', held: '0' } });
    expect(refused.body['detail']).toContain('name a wallet to sweep it to');
    const swept = await post(id, 'close', { reason, sweepToWalletId: 'w2', requestId: 'sweep' });
    expect(swept).toMatchObject({ status: 201, body: { balance: '0', sweptAmount: '75', sweptTo: { kind: 'wallet', walletId: 'w2' } } });
    expect((await post(id, 'close', { reason, sweepToWalletId: 'w2', requestId: 'sweep' })).text).toBe(swept.text);
    expect((await coffer.call('GET', '/wallet/w2/history?limit=1')).body['items']).toMatchObject([
      { type: 'close', direction: 'in', amount: '75', counterparty: { walletId: id }, reason },
    ]);
    const other = await funded(10);
    expect((await post(other, 'close', { reason, sweepTo: 'treasury' })).body).toMatchObject({
      sweptAmount: '10',
      sweptTo: { kind: 'treasury' },
    });
  });

  test('is refused while a hold is open, even with a sweep, and with two sweep destinations', async () => {
    const id = await funded(10);
    await post(id, 'holds', { amount: 4 });
    expect(await post(id, 'close', { reason, sweepTo: 'fees' })).toMatchObject({
      status: 422,
      body: { code: 'wallet_not_empty', held: '4' },
    });
    expect((await post(id, 'close', { reason, sweepTo: 'fees', sweepToWalletId: 'w2' })).status).toBe(400);
    expect(await post(id, 'close', { reason, sweepToWalletId: 'nobody' })).toMatchObject({
      status: 404,
      body: { code: 'recipient_not_found' },
    });
  });
});

describe('limits', () => {
  test('bound what leaves the wallet, and show their usage', async () => {
    const id = await funded(1000);
    await post(id, 'withdraw', { amount: 100 });
    const limits = { perTransfer: 200, perDay: '500', perMonth: null };
    const set = await put(id, 'limits', { ...limits, reason, requestId: 'l1' });
    expect(set).toMatchObject({ status: 200, body: { type: 'limit', limits: { perTransfer: '200', perDay: '500', perMonth: null } } });
    expect((await put(id, 'limits', { ...limits, reason, requestId: 'l1' })).text).toBe(set.text);
    await post(id, 'holds', { amount: 150 });
    expect(await wallet(id)).toMatchObject({ limits: { perTransfer: '200', perDay: '500', usedToday: '250', usedThisMonth: '250' } });
    const tooMuch = await post(id, 'withdraw', { amount: 201 });
    expect(tooMuch).toMatchObject({
      status: 422,
      body: { code: 'limit_exceeded', limit: 'perTransfer', allowed: '200', requested: '201' },
    });
    // Another effective date does not reduce the usage.
    expect(tooMuch.body['detail']).toContain('Retry with a new key and a smaller amount, or have an operator raise the limit');
    await post(id, 'transfer', { toWalletId: 'w2', amount: 200 });
    const dayIsUp = await post(id, 'withdraw', { amount: 51 });
    expect(dayIsUp).toMatchObject({ status: 422, body: { code: 'limit_exceeded', limit: 'perDay', allowed: '500', used: '450' } });
    expect(dayIsUp.body['detail']).toMatch(/450 is already used \(requested 51\)\. Retry with a new key and a smaller amount, wait/);
    expect((await post(id, 'withdraw', { amount: 50 })).status).toBe(201);
    const lifted = await put(id, 'limits', { reason });
    expect(Object.keys(lifted.body)).not.toContain('limits');
    expect(Object.keys(await wallet(id))).not.toContain('limits');
    expect(await put(id, 'limits', { reason })).toMatchObject({ status: 409, body: { code: 'nothing_to_change' } });
  });
});

describe('a credit line', () => {
  test('lets a wallet go below zero up to its amount, and cannot be withdrawn while it is drawn', async () => {
    const id = await funded(10);
    const granted = await put(id, 'credit-line', { creditLimit: '100', reason });
    expect(granted).toMatchObject({ status: 200, body: { type: 'credit_line', creditLimit: '100', available: '110', balance: '10' } });
    expect((await post(id, 'withdraw', { amount: 60 })).body).toMatchObject({ balance: '-50', available: '50' });
    const refused = await put(id, 'credit-line', { creditLimit: 49, reason });
    expect(refused).toMatchObject({ status: 422, body: { code: 'credit_line_in_use', balance: '-50', floor: '-49' } });
    expect(refused.body['detail']).toContain('Deposit first, or set a longer credit line');
    expect((await put(id, 'credit-line', { creditLimit: 50, reason })).body).toMatchObject({ creditLimit: '50', available: '0' });
    const deposited = await post(id, 'deposit', { amount: 20, requestId: 'on credit' });
    expect(deposited.body).toMatchObject({ balance: '-30', available: '20' });
    await put(id, 'credit-line', { creditLimit: 30, reason });
    expect((await post(id, 'deposit', { amount: 20, requestId: 'on credit' })).text).toBe(deposited.text);
    const lines = (await coffer.call('GET', `/wallet/${id}/history?limit=2`)).body['items'];
    expect(lines).toMatchObject([
      { type: 'credit_line', availableAfter: '0' },
      { type: 'deposit', availableAfter: '20' },
    ]);
  });
});

const everyControl = [
  ['POST', 'freeze', {}],
  ['POST', 'unfreeze', {}],
  ['POST', 'close', {}],
  ['PUT', 'limits', { perDay: 1 }],
  ['PUT', 'credit-line', { creditLimit: 1 }],
] as const;

test.each(everyControl)('%s %s requires a reason and accepts no unknown properties', async (method, what, body) => {
  const ask = (more: object) => coffer.call(method, `/wallet/w2/${what}`, { ...body, ...more });
  await expectRefused(await ask({}));
  for (const no of ['', '   ', 'x'.repeat(1001), 7]) await expectRefused(await ask({ reason: no }));
  await expectRefused(await ask({ reason, actor: 'operator:1' }));
  await expectRefused(await ask({ reason, sides: 'left' }));
});

test.each(everyControl)('%s %s accepts a version, and requires an existing wallet', async (method, what, body) => {
  const stale = await coffer.call(method, `/wallet/w2/${what}`, { ...body, reason }, { 'if-match': '"99"' });
  expect(stale).toMatchObject({ status: 409, body: { code: 'version_stale', expectedVersion: '99' } });
  const nobody = await coffer.call(method, `/wallet/nobody/${what}`, { ...body, reason });
  expect(nobody).toMatchObject({ status: 404, body: { code: 'wallet_not_found' } });
});

test('a reason is stored in full, with any characters', async () => {
  const id = await funded(1);
  const long = `${'💰'.repeat(499)}ab`;
  expect((await post(id, 'freeze', { reason: long })).body['reason']).toBe(long);
});
