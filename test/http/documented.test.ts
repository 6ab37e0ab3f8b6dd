import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alice, startProduct } from './product.ts';
import type { TestProduct } from './product.ts';

let coffer: TestProduct;
beforeAll(async () => {
  coffer = await startProduct();
});
afterAll(async () => {
  await coffer.stop();
});

describe('the wallet requests, as documented', () => {
  test('POST /wallet/w1/deposit opens the wallet and answers with the balance; the same request again has no second effect', async () => {
    const first = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1000, requestId: 'd1' });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      status: 'completed',
      type: 'deposit',
      requestId: 'd1',
      walletId: 'w1',
      amount: '1000',
      asset: { id: 3, code: 'USD', scale: 2 },
      balance: '1000',
      version: 1,
    });
    expect(first.headers.get('idempotency-replayed')).toBeNull();

    const again = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1000, requestId: 'd1' });
    expect(again.status).toBe(201);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await coffer.call('GET', '/wallet/w1')).body['balance']).toBe('1000');
  });

  test('POST /wallet/w1/withdraw answers with the remaining balance', async () => {
    const { status, body } = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 200, requestId: 'x1' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'completed', type: 'withdrawal', balance: '800', version: 2 });
  });

  test('POST /wallet/w1/transfer answers with both balances', async () => {
    const { status, body } = await coffer.call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', amount: 300, requestId: 't1' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'completed',
      type: 'transfer',
      balance: '500',
      from: { walletId: 'w1', balance: '500', version: 3 },
      to: { walletId: 'w2', balance: '300', version: 1 },
    });
  });

  test('GET /wallet/w1 returns balance, version and details', async () => {
    const { status, body, headers } = await coffer.call('GET', '/wallet/w1');
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"3"');
    expect(body).toMatchObject({
      walletId: 'w1',
      ownerId: null,
      balance: '500',
      available: '500',
      held: '0',
      creditLimit: '0',
      version: 3,
      status: 'active',
    });
  });

  test('GET /wallet/w1/history lists the newest first, page by page', async () => {
    const first = await coffer.call('GET', '/wallet/w1/history?limit=2');
    expect(first.status).toBe(200);
    expect(first.body['items']).toMatchObject([
      {
        type: 'transfer',
        direction: 'out',
        amount: '300',
        counterparty: { kind: 'wallet', walletId: 'w2' },
        balanceAfter: '500',
        versionAfter: 3,
      },
      { type: 'withdrawal', direction: 'out', amount: '200', counterparty: { kind: 'cash_out', walletId: null }, balanceAfter: '800' },
    ]);
    const second = await coffer.call('GET', `/wallet/w1/history?limit=2&cursor=${String(first.body['next'])}`);
    expect(second.body).toMatchObject({
      items: [
        {
          type: 'deposit',
          direction: 'in',
          amount: '1000',
          counterparty: { kind: 'cash_in' },
          balanceAfter: '1000',
          versionAfter: 1,
          requestId: 'd1',
        },
      ],
      next: null,
    });
  });

  test('a recipient sees the transfer but not the key of the sender', async () => {
    const { body } = await coffer.call('GET', '/wallet/w2/history');
    expect(body['items']).toMatchObject([{ type: 'transfer', direction: 'in', counterparty: { walletId: 'w1' }, requestId: null }]);
  });

  test('GET /wallet/w1/stats returns the statistics of the wallet', async () => {
    const { status, body } = await coffer.call('GET', '/wallet/w1/stats');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      deposited: '1000',
      withdrawn: '200',
      transferredIn: '0',
      transferredOut: '300',
      postings: 3,
      balance: '500',
    });
  });

  test('GET /operations/:id and /transfers/:id return an operation, posted or refused', async () => {
    const posted = await coffer.call('POST', '/wallet/w1/transfer', {
      toWalletId: 'w2',
      amount: '1',
      requestId: 't2',
      metadata: { order: 'A-17' },
    });
    const found = await coffer.call('GET', `/transfers/${String(posted.body['operationId'])}`);
    expect(found.status).toBe(200);
    expect(found.body).toMatchObject({
      status: 'completed',
      type: 'transfer',
      amount: '1',
      metadata: { order: 'A-17' },
      debit: { walletId: 'w1' },
    });

    const refused = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 5000, requestId: 'x2' });
    expect(refused.status).toBe(422);
    const refusal = await coffer.call('GET', `/operations/${String(refused.body['operationId'])}`);
    expect(refusal.body).toMatchObject({
      status: 'refused',
      type: 'withdrawal',
      asked: { debit: 'w1', amount: '5000' },
      failure: { code: 'insufficient_funds', facts: { available: '499', requested: '5000' } },
    });
    expect((await coffer.call('GET', `/transfers/${String(refused.body['operationId'])}`)).status).toBe(404);
    expect((await coffer.call('GET', '/operations/1-999999')).status).toBe(404);
  });

  test('GET /wallet/:id/operations/:key returns the outcome of a request whose answer was lost', async () => {
    expect((await coffer.call('GET', '/wallet/w1/operations/t1')).body).toMatchObject({
      status: 'completed',
      requestId: 't1',
      amount: '300',
    });
    expect((await coffer.call('GET', '/wallet/w1/operations/never')).body).toMatchObject({ status: 404, code: 'operation_not_found' });
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 1, requestId: 'a/b c?é' });
    expect((await coffer.call('GET', `/wallet/w1/operations/${encodeURIComponent('a/b c?é')}`)).body).toMatchObject({
      requestId: 'a/b c?é',
    });
  });

  test('GET /events lists the log in order, and its cursor resumes the listing', async () => {
    const types: unknown[] = [];
    let cursor = '';
    for (;;) {
      const { status, body } = await coffer.call('GET', `/events?limit=7${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      const items = body['items'] as { type: string; seq: number; walletId: string }[];
      if (items.length === 0) break;
      types.push(...items.filter(({ walletId }) => walletId === 'w1').map(({ type }) => type));
      cursor = String(body['next']);
    }
    expect(types.slice(0, 6)).toEqual([
      'WalletCreated',
      'FundsDeposited',
      'FundsWithdrawn',
      'TransferInitiated',
      'TransferDebited',
      'TransferCompleted',
    ]);
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 });
    const { body } = await coffer.call('GET', `/events?cursor=${cursor}`);
    expect(body['items']).toMatchObject([{ type: 'FundsDeposited', walletId: 'w1' }]);
  });

  test('GET /assets lists the assets', async () => {
    const { body } = await coffer.call('GET', '/assets');
    expect(body['items']).toContainEqual(expect.objectContaining({ id: 1, code: 'GOLD', scale: 0, name: 'Gold Coins' }));
  });

  test('GET / and /health answer', async () => {
    expect((await coffer.call('GET', '/')).body).toMatchObject({ name: 'Coffer', documentation: '/docs' });
    expect(await coffer.call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('the closed loop, as documented', () => {
  const accounts = 'select * from accounts;';
  const balances = `SELECT
  a.id AS account_id,
  a.name AS account_name,
  at.name AS asset,
  w.balance
FROM wallets w
JOIN accounts a ON a.id = w.account_id
JOIN asset_types at ON at.id = w.asset_type_id
ORDER BY a.name, at.name;`;

  test('login, top up, spend; then the two printed SQL statements show the accounts and the figures', async () => {
    const login = await coffer.call('POST', '/auth/login', { user_id: alice });
    expect(login.status).toBe(200);
    expect(Object.keys(login.body)).toEqual(['token']);
    const headers = { authorization: `Bearer ${String(login.body['token'])}` };

    const payment = { amount: 300, asset_type_id: 1, payment_id: 'pay_test_001' };
    const topUp = await coffer.call('POST', '/wallet/topup', payment, headers);
    expect(topUp).toMatchObject({ status: 200, body: { status: 'success', requestId: 'pay_test_001', balance: '1300' } });
    const again = await coffer.call('POST', '/wallet/topup', payment, headers);
    expect(again.text).toBe(topUp.text);
    const spend = await coffer.call('POST', '/wallet/spend', { amount: 20, asset_type_id: 1 }, headers);
    expect(spend).toMatchObject({ status: 200, body: { status: 'success', balance: '1280' } });
    await coffer.call('POST', '/wallet/topup', { amount: 460, asset_type_id: 2 }, headers);

    expect((await coffer.pool.query(accounts)).rows).toEqual([
      { id: 1, account_type: 'system', user_id: null, name: 'Treasury' },
      { id: 2, account_type: 'user', user_id: alice, name: 'Alice' },
      { id: 3, account_type: 'user', user_id: 'b55709be-d0f6-467e-942c-cc04155ad54c', name: 'Bob' },
    ]);
    expect((await coffer.pool.query(balances)).rows).toEqual([
      { account_id: 2, account_name: 'Alice', asset: 'Gold Coins', balance: 1280n },
      { account_id: 2, account_name: 'Alice', asset: 'Reward Points', balance: 460n },
      { account_id: 3, account_name: 'Bob', asset: 'Gold Coins', balance: 500n },
      { account_id: 3, account_name: 'Bob', asset: 'Reward Points', balance: 0n },
      { account_id: 1, account_name: 'Treasury', asset: 'Gold Coins', balance: 999_720n },
      { account_id: 1, account_name: 'Treasury', asset: 'Reward Points', balance: 999_540n },
    ]);
  });

  test('a top-up needs a login, and only a demo user can log in by id alone', async () => {
    expect((await coffer.call('POST', '/wallet/topup', { amount: 1, asset_type_id: 1 })).status).toBe(401);
    expect((await coffer.call('POST', '/auth/login', { user_id: '00000000-0000-4000-8000-000000000000' })).status).toBe(404);
  });
});

describe('users, as documented', () => {
  const jane = { email: 'jane@example.com', name: 'Jane Doe', password: 'correct horse battery staple' };

  test.each([
    [
      'an e-mail of 255 characters',
      { email: `${'a'.repeat(64)}@${'b'.repeat(61)}.${'c'.repeat(61)}.${'d'.repeat(62)}.com` },
      'email_invalid',
    ],
    ['no name', { name: '' }, 'name_invalid'],
    ['a name of 201 characters', { name: 'n'.repeat(201) }, 'name_invalid'],
    ['a password of 11 characters', { password: 'p'.repeat(11) }, 'password_too_short'],
    ['a password of 513 characters', { password: 'p'.repeat(513) }, 'password_too_long'],
  ])('%s is beyond the documented length, and refused under its own code', async (_what, change, code) => {
    expect(await coffer.call('POST', '/users/signup', { ...jane, ...change })).toMatchObject({ status: 400, body: { code } });
  });

  test('a password counts code points, even where several look like one character', async () => {
    const accented = { ...jane, email: 'accented@example.com', password: 'q\u0301x\u0301v\u0301h\u0301j\u0301d\u0301' };
    expect((await coffer.call('POST', '/users/signup', accented)).status).toBe(201);
  });

  test('sign up, log in, read and change the profile, open a wallet, list mine, see the logins, be deleted', async () => {
    const signUp = await coffer.call('POST', '/users/signup', jane);
    expect(signUp).toMatchObject({ status: 201, body: { email: jane.email, name: jane.name } });
    expect(signUp.text).not.toContain('password');
    expect(await coffer.call('POST', '/users/signup', jane)).toMatchObject({ status: 409, body: { code: 'email_taken' } });

    expect((await coffer.call('POST', '/users/login', { email: jane.email, password: 'wrong password' })).status).toBe(401);
    const login = await coffer.call('POST', '/users/login', { email: jane.email, password: jane.password });
    expect(login).toMatchObject({ status: 200, body: { user: { name: jane.name } } });
    const headers = { authorization: `Bearer ${String(login.body['token'])}` };

    expect((await coffer.call('GET', '/users/me', undefined, headers)).body).toMatchObject({ email: jane.email });
    expect((await coffer.call('PATCH', '/users/me', { name: 'Jane Roe' }, headers)).body).toMatchObject({ name: 'Jane Roe' });
    expect((await coffer.call('PATCH', '/users/me', { name: 'J', number: 1, status: 'active' }, headers)).status).toBe(400);

    const opened = await coffer.call('POST', '/wallet', { asset: 'GOLD' }, headers);
    expect(opened).toMatchObject({ status: 201, body: { ownerId: signUp.body['id'], asset: { code: 'GOLD' }, balance: '0', version: 0 } });
    expect(await coffer.call('POST', '/wallet', { asset: 'GOLD' }, headers)).toMatchObject({
      status: 409,
      body: { code: 'wallet_exists' },
    });

    const page = await coffer.call('GET', '/wallet?limit=1', undefined, headers);
    expect(page.body['items']).toMatchObject([{ asset: { code: 'GOLD' } }]);
    const next = await coffer.call('GET', `/wallet?limit=1&cursor=${String(page.body['next'])}`, undefined, headers);
    expect(next.body).toMatchObject({ items: [{ asset: { code: 'USD' } }], next: null });

    const logins = await coffer.call('GET', '/users/me/logins?limit=1', undefined, headers);
    expect(logins.body['items']).toMatchObject([{ success: true, clientIp: '127.0.0.1' }]);
    const earlier = await coffer.call('GET', `/users/me/logins?cursor=${String(logins.body['next'])}`, undefined, headers);
    expect(earlier.body).toMatchObject({ items: [{ success: false, reason: 'password_wrong' }], next: null });

    const wallet = String(opened.body['walletId']);
    await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 5 });
    expect(await coffer.call('DELETE', '/users/me', undefined, headers)).toMatchObject({ status: 422, body: { code: 'wallet_not_empty' } });
    await coffer.call('POST', `/wallet/${wallet}/withdraw`, { amount: 5 });
    expect((await coffer.call('DELETE', '/users/me', undefined, headers)).status).toBe(200);
    expect((await coffer.call('GET', '/users/me', undefined, headers)).status).toBe(401);
    expect((await coffer.call('GET', '/wallet/w1', undefined, headers)).status).toBe(401);
  });

  test('password guessing stops after ten attempts a minute, with 429 and the time to retry', async () => {
    const guess = () => coffer.call('POST', '/users/login', { email: 'guessed@example.com', password: 'a wrong guess' });
    for (let attempt = 0; attempt < 10; attempt++) expect((await guess()).status).toBe(401);
    const stopped = await guess();
    expect(stopped).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
