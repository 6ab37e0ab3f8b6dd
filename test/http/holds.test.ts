import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import type { Answer } from './product.ts';

const { coffer, expectRefused } = useCoffer();

let wallets = 0;
async function funded(amount: number): Promise<string> {
  const id = `holder-${++wallets}`;
  await coffer.call('POST', `/wallet/${id}/deposit`, { amount });
  return id;
}
const authorize = (wallet: string, body: object) => coffer.call('POST', `/wallet/${wallet}/holds`, body);
const holdIdOf = (answer: Answer) => String(answer.body['holdId']);
const capture = (hold: string, body: object = {}) => coffer.call('POST', `/holds/${hold}/capture`, body);
const release = (hold: string, body: object = {}) => coffer.call('POST', `/holds/${hold}/release`, body);

describe('a hold', () => {
  test('reserves an amount, which the wallet shows as held and no other operation can use', async () => {
    const wallet = await funded(1000);
    const held = await authorize(wallet, { amount: 700, requestId: 'h1', expiresInSeconds: 3600, metadata: { order: 'A-17' } });
    expect(held).toMatchObject({
      status: 201,
      body: {
        type: 'hold',
        requestId: 'h1',
        walletId: wallet,
        amount: '700',
        left: '700',
        captured: '0',
        released: '0',
        status: 'open',
        balance: '1000',
        held: '700',
        available: '300',
        version: 2,
        holdId: held.body['operationId'],
      },
    });
    const [createdAt, expiresAt] = [held.body['createdAt'], held.body['expiresAt']].map((text) => Date.parse(String(text)));
    expect(Number(expiresAt) - Number(createdAt)).toBe(3_600_000);
    expect((await coffer.call('GET', `/wallet/${wallet}`)).body).toMatchObject({ balance: '1000', held: '700', available: '300' });
    expect(await coffer.call('POST', `/wallet/${wallet}/withdraw`, { amount: 301 })).toMatchObject({
      status: 422,
      body: { code: 'insufficient_funds', available: '300' },
    });
    const again = await authorize(wallet, { amount: 700, requestId: 'h1', expiresInSeconds: 3600, metadata: { order: 'A-17' } });
    expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([201, held.text, 'true']);
    expect((await coffer.call('GET', `/holds/${holdIdOf(held)}`)).body).toMatchObject({ status: 'open', metadata: { order: 'A-17' } });
  });

  test('is captured in parts, each to the named destination, or to cash_out by default', async () => {
    const wallet = await funded(1000);
    const hold = holdIdOf(await authorize(wallet, { amount: 500 }));
    const toWallet = await capture(hold, { amount: 200, toWalletId: 'w2', requestId: 'c1' });
    expect(toWallet).toMatchObject({
      status: 201,
      body: {
        type: 'capture',
        amount: '200',
        walletId: wallet,
        balance: '800',
        held: '300',
        available: '500',
        holdId: hold,
        left: '300',
        status: 'completed',
        from: { walletId: wallet, balance: '800' },
        to: { walletId: 'w2' },
      },
    });
    expect((await capture(hold, { amount: 200, toWalletId: 'w2', requestId: 'c1' })).text).toBe(toWallet.text);
    expect((await capture(hold, { amount: 50, to: 'fees' })).body).toMatchObject({ amount: '50', left: '250' });
    expect((await capture(hold, { amount: 100, final: true })).body).toMatchObject({ amount: '100', left: '0', balance: '650', held: '0' });
    const { body } = await coffer.call('GET', `/holds/${hold}`);
    expect(body).toMatchObject({ status: 'captured', amount: '500', left: '0', captured: '350', released: '150' });
    expect(body['parts']).toMatchObject([
      { type: 'hold', amount: '500', left: '500' },
      { type: 'capture', amount: '200', left: '300', counterparty: { kind: 'wallet', walletId: 'w2' } },
      { type: 'capture', amount: '50', left: '250', counterparty: { kind: 'fees' } },
      { type: 'capture', amount: '100', left: '0', counterparty: { kind: 'cash_out' } },
    ]);
  });

  test('is captured or released in full if the request has no amount', async () => {
    const wallet = await funded(1000);
    const taken = holdIdOf(await authorize(wallet, { amount: 300 }));
    await capture(taken, { amount: 100 });
    const rest = await capture(taken);
    expect(rest.body).toMatchObject({ amount: '200', left: '0', balance: '700' });
    expect(Object.keys(rest.body)).not.toContain('askedAmount');
    const given = holdIdOf(await authorize(wallet, { amount: 300 }));
    expect((await release(given, { amount: 120 })).body).toMatchObject({ type: 'release', amount: '120', left: '180', held: '180' });
    expect((await release(given)).body).toMatchObject({ amount: '180', left: '0', balance: '700', held: '0', available: '700' });
    expect((await coffer.call('GET', `/holds/${given}`)).body).toMatchObject({ status: 'released', captured: '0', released: '300' });
  });

  test('takes the available balance when requested up to an amount, and shows the requested amount', async () => {
    const wallet = await funded(80);
    const held = await authorize(wallet, { amount: 100, upTo: true });
    expect(held.body).toMatchObject({ amount: '80', askedAmount: '100', available: '0' });
  });

  test("is listed with the wallet's holds, newest first, page by page, all or only open ones", async () => {
    const wallet = await funded(1000);
    const ids = [];
    for (const amount of [10, 20, 30, 40]) ids.unshift(holdIdOf(await authorize(wallet, { amount })));
    await release(String(ids[1]));
    const all = await coffer.call('GET', `/wallet/${wallet}/holds?limit=3`);
    const rest = await coffer.call('GET', `/wallet/${wallet}/holds?limit=3&cursor=${String(all.body['next'])}`);
    const listed = (answer: Answer) => (answer.body['items'] as { holdId: string }[]).map(({ holdId }) => holdId);
    expect([...listed(all), ...listed(rest)]).toEqual(ids);
    expect(rest.body['next']).toBeNull();
    expect(listed(await coffer.call('GET', `/wallet/${wallet}/holds?open=true`))).toEqual([ids[0], ids[2], ids[3]]);
    await expectRefusedQuery(`/wallet/${wallet}/holds?open=yes`);
    await expectRefusedQuery(`/wallet/${wallet}/holds?cursor=17`);
  });

  test('expires: the remainder is released, and nothing can be captured any more', async () => {
    const wallet = await funded(100);
    const hold = holdIdOf(await authorize(wallet, { amount: 100, expiresInSeconds: 3 }));
    expect((await capture(hold, { amount: 30 })).status).toBe(201);
    await expect.poll(async () => (await coffer.call('GET', `/wallet/${wallet}`)).body['held']).toBe('0');
    expect((await coffer.call('GET', `/holds/${hold}`)).body).toMatchObject({
      status: 'expired',
      captured: '30',
      released: '70',
      left: '0',
    });
    const late = await capture(hold, { amount: 1 });
    expect(late).toMatchObject({ status: 422, body: { code: 'hold_expired', hold } });
    expect(late.body['detail']).toMatch(/^Hold \d+-\d+ expired at .*Z\. Authorise a new one\.$/);
    const { expiresAt } = (await coffer.call('GET', `/holds/${hold}`)).body;
    const heldAt = async (moment: number) =>
      (await coffer.call('GET', `/wallet/${wallet}/balance?at=${new Date(moment).toISOString()}`)).body;
    const expiry = Date.parse(String(expiresAt));
    expect(await heldAt(expiry - 1)).toMatchObject({ balance: '70', held: '70', version: 3 });
    // The entry comes up to a second later; a read at the moment itself counts the hold as given back, like its version.
    expect(await heldAt(expiry)).toMatchObject({ balance: '70', held: '0', version: 4 });
    const { body } = await coffer.call('GET', `/wallet/${wallet}/history`);
    expect(body['items']).toMatchObject([
      { type: 'expire', direction: 'none', amount: '70', heldAfter: '0', availableAfter: '70', requestId: null },
      { type: 'capture', direction: 'out', amount: '30', balanceAfter: '70', heldAfter: '70', availableAfter: '0' },
      { type: 'hold', direction: 'none', amount: '100', balanceAfter: '100', heldAfter: '100', availableAfter: '0', holdId: hold },
      { type: 'deposit', direction: 'in' },
    ]);
  });
});

async function expectRefusedQuery(path: string): Promise<void> {
  expect((await coffer.call('GET', path)).status).toBe(400);
}

describe('an invalid request about a hold is refused', () => {
  test('beyond the remaining amount, which the answer includes', async () => {
    const hold = holdIdOf(await authorize(await funded(100), { amount: 100 }));
    for (const part of [capture, release]) {
      const answer = await part(hold, { amount: 101, requestId: `too much ${part.name}` });
      expect(answer).toMatchObject({ status: 422, body: { code: 'hold_exceeded', hold, left: '100', requested: '101' } });
      expect(answer.body['detail']).toContain(`Only 100 is left on hold ${hold}`);
    }
  });

  test('once nothing remains on hold', async () => {
    const hold = holdIdOf(await authorize(await funded(100), { amount: 100 }));
    await capture(hold);
    expect(await capture(hold)).toMatchObject({ status: 422, body: { code: 'hold_resolved', hold } });
    expect(await release(hold)).toMatchObject({ status: 422, body: { code: 'hold_resolved', hold } });
  });

  test('for an unknown hold id', async () => {
    for (const id of ['1-1', '1-999999', '2-1', '1-0', '0-5']) {
      for (const answer of [await capture(id), await release(id), await coffer.call('GET', `/holds/${id}`)]) {
        await expectRefused(answer, 404);
        expect(answer.body).toMatchObject({ code: 'hold_not_found', hold: id });
        expect(answer.body['detail']).toContain(`There is no hold "${id}".`);
      }
    }
    await expectRefused(await capture('x'));
  });

  test('with two destinations, or an invalid one', async () => {
    await expectRefused(await capture('1-1', { toWalletId: 'w2', to: 'fees' }));
    await expectRefused(await capture('1-1', { to: 'issuance' }));
    const hold = holdIdOf(await authorize(await funded(100), { amount: 100 }));
    expect(await capture(hold, { toWalletId: 'nobody' })).toMatchObject({ status: 404, body: { code: 'recipient_not_found' } });
  });

  test.each([{ expiresInSeconds: 0 }, { expiresInSeconds: 1.5 }, { expiresInSeconds: 315_360_001 }, { final: true }, { effectiveAt: 'x' }])(
    'an authorisation with %j is malformed',
    async (more) => {
      await expectRefused(await authorize('w1', { amount: 1, ...more }));
    },
  );

  test('on an unknown wallet, or with a stale version', async () => {
    await expectRefused(await authorize('nobody', { amount: 1 }), 404);
    expect(await authorize('w2', { amount: 1, expectedVersion: 77 })).toMatchObject({ status: 409, body: { code: 'version_stale' } });
  });
});
