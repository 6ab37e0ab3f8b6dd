import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import { figuresIn, figuresOut } from '../support/kinds.ts';
import { alice } from './product.ts';

const { coffer, expectRefused } = useCoffer();
const post = (path: string, body: object, headers?: Record<string, string>) => coffer.call('POST', path, body, headers);
let wallets = 0;
async function funded(amount: number): Promise<string> {
  const id = `terms-${++wallets}`;
  await post(`/wallet/${id}/deposit`, { amount });
  return id;
}

describe('up to an amount', () => {
  test('takes the available balance, shows the requested amount, and a retry gets the same answer', async () => {
    const id = await funded(70);
    const asked = { toWalletId: 'w2', amount: 100, upTo: true, requestId: 'all' };
    const taken = await post(`/wallet/${id}/transfer`, asked);
    expect(taken).toMatchObject({ status: 201, body: { amount: '70', askedAmount: '100', balance: '0', available: '0', held: '0' } });
    expect((await post(`/wallet/${id}/transfer`, asked)).text).toBe(taken.text);
    expect((await coffer.call('GET', `/wallet/${id}/history?limit=1`)).body['items']).toMatchObject([{ amount: '70', askedAmount: '100' }]);
    expect(await post(`/wallet/${id}/withdraw`, { amount: 1, upTo: true })).toMatchObject({
      status: 422,
      body: { code: 'insufficient_funds' },
    });
    const enough = await funded(70);
    expect((await post(`/wallet/${enough}/withdraw`, { amount: 50, upTo: true })).body).toMatchObject({ amount: '50', askedAmount: '50' });
  });

  test('is available in the closed loop too', async () => {
    const headers = await coffer.login(alice);
    const spent = await post('/wallet/spend', { amount: 5000, asset_type_id: 1, upTo: true }, headers);
    expect(spent).toMatchObject({ status: 200, body: { status: 'success', amount: '1000', askedAmount: '5000', available: '0' } });
    const effectiveAt = await openingOf(`${alice}.GOLD`);
    const back = { amount: 1000, asset_type_id: 1, effectiveAt };
    expect(await post('/wallet/topup', back, headers)).toMatchObject({ status: 200, body: { effectiveAt } });
  });
});

const openingOf = async (id: string) => String((await coffer.call('GET', `/wallet/${id}`)).body['createdAt']);

describe('a minimum balance', () => {
  test('is kept, not counting held money, or nothing is done', async () => {
    const id = await funded(100);
    await post(`/wallet/${id}/holds`, { amount: 20 });
    const refused = await post(`/wallet/${id}/withdraw`, { amount: 51, minimumBalance: 30 });
    expect(refused).toMatchObject({ status: 422, body: { code: 'balance_below_minimum', minimumBalance: '30', balance: '29' } });
    expect(refused.body['detail']).toBe(
      `"${id}" would be left with 29, and you asked to keep at least 30. Retry with a new key and a smaller amount, or a lower minimum balance.`,
    );
    expect((await post(`/wallet/${id}/withdraw`, { amount: 50, minimumBalance: '30' })).body).toMatchObject({
      balance: '50',
      available: '30',
    });
    expect((await post(`/wallet/${id}/holds`, { amount: 30, minimumBalance: -5 })).status).toBe(201);
    await expectRefusedTerm({ minimumBalance: '-0' });
    await expectRefusedTerm({ minimumBalance: 1.5 });
  });
});

async function expectRefusedTerm(term: object): Promise<void> {
  expect((await post('/wallet/w1/withdraw', { amount: 1, ...term })).status).toBe(400);
}

describe('an effective date', () => {
  test('is accepted in any time zone, and shown in UTC', async () => {
    const id = await funded(10);
    const inUtc = await openingOf(id);
    const inKyiv = new Date(Date.parse(inUtc) + 7_200_000).toISOString().replace('Z', '+02:00');
    const told = await post(`/wallet/${id}/withdraw`, { amount: 4, effectiveAt: inKyiv, requestId: 'e' });
    expect(told.body['effectiveAt']).toBe(inUtc);
    const same = await post(`/wallet/${id}/withdraw`, { amount: 4, effectiveAt: inUtc, requestId: 'e' });
    expect([same.text, same.headers.get('idempotency-replayed')]).toEqual([told.text, 'true']);
    const later = new Date(Date.parse(inUtc) + 1).toISOString();
    const other = await post(`/wallet/${id}/withdraw`, { amount: 4, effectiveAt: later, requestId: 'e' });
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused' } });
  });

  test.each(['2026-01-31', '2026-01-31T12:00:00', '2026-02-30T12:00:00Z', '0000-01-01T00:00:00Z', 'yesterday', '', 0])(
    'is refused as %j',
    async (effectiveAt) => {
      const answer = await post('/wallet/w1/withdraw', { amount: 1, effectiveAt });
      await expectRefused(answer);
      expect(answer.body['detail']).toMatch(/effectiveAt/);
    },
  );
});

describe('the past balance', () => {
  const balance = (id: string, at: string, by = '') =>
    coffer.call('GET', `/wallet/${id}/balance?at=${encodeURIComponent(at)}${by && `&by=${by}`}`);

  test('is returned for any moment by recording time, including held amounts', async () => {
    const id = await funded(100);
    const moments = [];
    for (const [what, body] of [
      ['holds', { amount: 40 }],
      ['withdraw', { amount: 10 }],
    ] as const) {
      moments.push(String((await coffer.call('GET', `/wallet/${id}`)).body['updatedAt']));
      await untilLater(moments.at(-1) ?? '');
      await post(`/wallet/${id}/${what}`, body);
    }
    const told = [];
    for (const at of [...moments, '2999-01-01T00:00:00Z']) told.push((await balance(id, at)).body);
    expect(told).toMatchObject([
      { walletId: id, by: 'recorded', at: moments[0], balance: '100', held: '0', version: 1 },
      { balance: '100', held: '40', version: 2 },
      { balance: '90', held: '40', version: 3, at: '2999-01-01T00:00:00.000Z' },
    ]);
    const before = await balance(id, '2020-01-01T00:00:00Z');
    expect(before).toMatchObject({ status: 404, body: { code: 'wallet_not_found' } });
    expect(before.body['detail']).toMatch(/^The wallet "terms-\d+" was opened at .*, after 2020-01-01T00:00:00\.000Z\./);
  });

  test('is returned by effective time too', async () => {
    const id = await funded(100);
    const opened = await openingOf(id);
    const ahead = new Date(Date.now() + 30_000).toISOString();
    await untilLater(opened);
    await post(`/wallet/${id}/withdraw`, { amount: 30, effectiveAt: opened });
    await post(`/wallet/${id}/deposit`, { amount: 7, effectiveAt: ahead });
    const at = async (moment: string) => (await balance(id, moment, 'effective')).body;
    expect(await at(opened)).toMatchObject({ by: 'effective', balance: '70' });
    expect((await balance(id, opened)).body).toMatchObject({ by: 'recorded', balance: '100' });
    expect(await at(new Date(Date.parse(ahead) - 1).toISOString())).toMatchObject({ balance: '70' });
    const late = await at('2999-01-01T00:00:00Z');
    expect([late['balance'], Object.keys(late)]).toEqual(['77', ['walletId', 'asset', 'at', 'by', 'balance']]);
    expect((await balance(id, '2020-01-01T00:00:00Z', 'effective')).status).toBe(404);
  });

  test.each(['', 'at=', 'at=2026-01-31', 'at=2026-02-30T00:00:00Z', 'at=2026-01-31T00:00:00Z&by=hearsay', 'by=recorded'])(
    'is refused for the query "%s"',
    async (query) => {
      await expectRefused(await coffer.call('GET', `/wallet/w1/balance?${query}`));
    },
  );

  test('is not found for an unknown wallet', async () => {
    await expectRefused(await balance('nobody', '2026-01-31T00:00:00Z'), 404);
  });
});

async function untilLater(moment: string): Promise<void> {
  const now = async () => String((await post('/wallet/w2/deposit', { amount: 1 })).body['createdAt']);
  await expect.poll(async () => (await now()) > moment).toBe(true);
}

test('the stats of a wallet cover every kind of inflow and outflow, and add up to its balance; holds and controls are not postings', async () => {
  const id = await funded(1000);
  const reason = 'for the sum';
  await post(`/wallet/${id}/withdraw`, { amount: 100 });
  const moved = await post(`/wallet/${id}/transfer`, { toWalletId: 'w2', amount: 200 });
  await post('/wallet/w2/transfer', { toWalletId: id, amount: 3 });
  const hold = await post(`/wallet/${id}/holds`, { amount: 60 });
  await post(`/holds/${String(hold.body['holdId'])}/capture`, { amount: 50 });
  await post(`/holds/${String(hold.body['holdId'])}/release`, {});
  await post(`/operations/${String(moved.body['operationId'])}/reverse`, { amount: 20, reason });
  await post(`/wallet/${id}/freeze`, { reason });
  await post(`/wallet/${id}/close`, { reason, sweepToWalletId: 'w2' });
  const { body } = await coffer.call('GET', `/wallet/${id}/stats`);
  expect(body).toMatchObject({
    balance: '0',
    deposited: '1000',
    withdrawn: '100',
    transferredOut: '200',
    transferredIn: '3',
    capturedOut: '50',
    reversedIn: '20',

    sweptOut: '673',
    sweptIn: '0',
    capturedIn: '0',
    reversedOut: '0',
    postings: 7,
  });
  const sum = (names: Iterable<string>) =>
    Array.from(names, (name) => BigInt(String(body[name]))).reduce((total, amount) => total + amount);
  expect(sum(figuresIn) - sum(figuresOut)).toBe(sum(['balance']));
});
