import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import { alice } from './product.ts';

const { coffer, expectRefused } = useCoffer();

describe('authentication', () => {
  test.each([
    '',
    'Basic eA==',
    'Bearer',
    'Bearer ',
    'Bearer x',
    'Bearer x y',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    `Bearer ${'x'.repeat(8_000)}`,
    'Bearer \u00ff',
  ])('the Authorization header "%s" is refused, even where none is needed', async (authorization) => {
    for (const [method, path, body] of [
      ['POST', '/wallet/topup', { amount: 1, asset_type_id: 1 }],
      ['GET', '/users/me', undefined],
      ['GET', '/wallet', undefined],
      ['GET', '/wallet/w1', undefined],
      ['POST', '/wallet/w1/deposit', { amount: 1 }],
      ['POST', '/wallet', { id: 'w9' }],
    ] as const) {
      await expectRefused(await coffer.call(method, path, body, { authorization }), 401);
    }
  });

  test("other callers cannot open a wallet under a user's id or create it by a deposit; users cannot grant their own wallets a credit limit", async () => {
    await expectRefused(await coffer.call('POST', '/wallet', { id: `${alice}.EUR` }), 403);
    expect((await coffer.call('POST', `/wallet/${alice}.EUR/deposit`, { amount: 1 })).status).toBe(404);
    const headers = await coffer.login(alice);
    await expectRefused(await coffer.call('POST', '/wallet', { asset: 'EUR', creditLimit: '500' }, headers), 403);
    await expectRefused(await coffer.call('POST', '/wallet', { asset: 'EUR', id: 'mine' }, headers));
    await expectRefused(await coffer.call('POST', '/wallet', { asset: 'EUR' }), 401);
  });

  test('a wallet with a chosen id has the credit limit that it was opened with', async () => {
    const opened = await coffer.call('POST', '/wallet', { id: 'w9', asset: 'GOLD', creditLimit: '500', requestId: 'open-w9' });
    expect(opened).toMatchObject({
      status: 201,
      body: { walletId: 'w9', ownerId: null, creditLimit: '500', balance: '0', requestId: 'open-w9' },
    });
    expect((await coffer.call('POST', '/wallet/w9/withdraw', { amount: 500 })).body['balance']).toBe('-500');
    expect((await coffer.call('GET', '/wallet/w9')).body).toMatchObject({ balance: '-500', available: '0', creditLimit: '500' });
    const again = await coffer.call('POST', '/wallet', { id: 'w9', asset: 'GOLD', creditLimit: '500', requestId: 'open-w9' });
    expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([201, opened.text, 'true']);
  });
});

describe('rules about money keep their own statuses', () => {
  test.each([
    ['to itself', '/wallet/w1/transfer', { toWalletId: 'w1', amount: 1 }, 422, 'same_wallet'],
    ['to nobody', '/wallet/w1/transfer', { toWalletId: 'nobody', amount: 1 }, 404, 'recipient_not_found'],
    ['from nobody', '/wallet/nobody/transfer', { toWalletId: 'w1', amount: 1 }, 404, 'wallet_not_found'],
    ['more than there is', '/wallet/w1/withdraw', { amount: '9'.repeat(38) }, 422, 'insufficient_funds'],
    ['in another asset', '/wallet/w1/deposit', { amount: 1, asset: 'GOLD' }, 422, 'asset_mismatch'],
    ['in no asset', '/wallet/w1/deposit', { amount: 1, asset: 'SHELLS' }, 422, 'asset_unknown'],
    ['in no asset, by number', '/wallet/w1/deposit', { amount: 1, asset: 2_147_483_647 }, 422, 'asset_unknown'],
  ])('%s', async (_what, path, body, status, code) => {
    const answer = await coffer.call('POST', path, body);
    expect(answer).toMatchObject({ status, body: { status, code, type: `urn:coffer:problem:${code}` } });
  });

  test("a top-up beyond the treasury's balance does not reveal that balance, then or later", async () => {
    const headers = await coffer.login(alice);
    const asked = await coffer.call('POST', '/wallet/topup', { amount: 10_000_000, asset_type_id: 1, requestId: 'all-of-it' }, headers);
    expect(asked).toMatchObject({
      status: 422,
      body: {
        code: 'insufficient_funds',
        detail: 'The treasury does not hold enough. Retry with a new key and a smaller amount.',
        requested: '10000000',
      },
    });
    expect(Object.keys(asked.body)).not.toContain('wallet');
    expect(Object.keys(asked.body)).not.toContain('available');
    const { body } = await coffer.call('GET', `/operations/${String(asked.body['operationId'])}`);
    expect(body['failure']).toEqual({
      code: 'insufficient_funds',
      detail: 'The treasury does not hold enough. Retry with a new key and a smaller amount.',
      facts: { requested: '10000000' },
    });
  });
});
