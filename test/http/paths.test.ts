import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import { alice } from './product.ts';

const { coffer, expectRefused } = useCoffer();

describe('wallet ids and paths', () => {
  const paths = [
    '/wallet/%00',
    '/wallet/a%00b',
    '/wallet/%20',
    '/wallet/$treasury%2F1',
    '/wallet/%24cash_in%2F3',
    '/wallet/-x',
    '/wallet/a%2Fb',
    '/wallet/%ED%A0%80',
    '/wallet/%FF',
    '/wallet/%',
    '/wallet/%zz',
    '/wallet/%E2%80%AE',
    `/wallet/${'w'.repeat(129)}`,
    `/wallet/${'w'.repeat(6_000)}`,
    '/wallet/%F0%9F%92%B0',
  ];
  test.each(paths)('GET and POST below %s are refused', async (path) => {
    await expectRefused(await coffer.call('GET', path));
    await expectRefused(await coffer.call('GET', `${path}/history`));
    await expectRefused(await coffer.call('POST', `${path}/deposit`, { amount: 1 }));
  });

  test('ids of 122 and 128 characters are valid', async () => {
    for (const length of [122, 128]) {
      const id = 'w'.repeat(length);
      expect(await coffer.call('POST', `/wallet/${id}/deposit`, { amount: 1 })).toMatchObject({ status: 201, body: { walletId: id } });
      expect((await coffer.call('GET', `/wallet/${id}/stats`)).status).toBe(200);
    }
  });

  test.each([
    '/wallet/w1/operations/%00',
    '/wallet/w1/operations/%0A',
    `/wallet/w1/operations/${'k'.repeat(129)}`,
    '/operations/1',
    '/operations/x-1',
    '/operations/1-%00',
    `/operations/1-${'9'.repeat(31)}`,
  ])('GET %s is refused', async (path) => {
    const answer = await coffer.call('GET', path);
    expect([400, 404]).toContain(answer.status);
    await expectRefused(answer, answer.status);
  });

  test.each([
    'limit=0',
    'limit=501',
    'limit=-1',
    'limit=1.5',
    'limit=x',
    'limit=',
    'limit=1&limit=2',
    'cursor=x',
    'cursor=',
    'cursor=1&cursor=2',
    'cursor=99999999999999999999',
    'cursor=%00',
    'cursor=%FF',
    'page=2',
    '__proto__=1',
    'limit[]=1',
  ])('the query %s is refused', async (query) => {
    await expectRefused(await coffer.call('GET', `/wallet/w1/history?${query}`));
    await expectRefused(await coffer.call('GET', `/events?${query}`));
  });

  const john = { email: 'john@example.com', password: 'correct horse battery staple' };
  test.each<[string, string, object?]>([
    ['GET', '/'],
    ['GET', '/health'],
    ['GET', '/assets'],
    ['GET', '/wallet/w1'],
    ['GET', '/wallet/w1/stats'],
    ['GET', '/wallet/w1/operations/funds'],
    ['GET', '/operations/1-1'],
    ['GET', '/transfers/1-1'],
    ['POST', '/wallet', { id: 'w7' }],
    ['POST', '/wallet/w1/deposit', { amount: 1 }],
    ['POST', '/wallet/w1/withdraw', { amount: 1 }],
    ['POST', '/wallet/w1/transfer', { amount: 1, toWalletId: 'w2' }],
    ['POST', '/wallet/topup', { amount: 1, asset_type_id: 1 }],
    ['POST', '/wallet/spend', { amount: 1, asset_type_id: 1 }],
    ['POST', '/auth/login', { user_id: alice }],
    ['POST', '/users/signup', { ...john, name: 'John' }],
    ['POST', '/users/login', john],
    ['GET', '/users/me'],
    ['PATCH', '/users/me', { name: 'Alice' }],
  ])('%s %s takes no query: one is refused, not ignored', async (method, path, body) => {
    const needsLogin = /^\/users\/me|topup|spend/.test(path);
    const headers = needsLogin ? await coffer.login(alice) : {};
    for (const query of ['at=2026-01-31', '__proto__=1', 'at']) {
      const answer = await coffer.call(method, `${path}?${query}`, body, headers);
      await expectRefused(answer);
      expect(answer.body['detail']).toMatch(
        /^Unknown query parameter "(at|__proto__)"; this endpoint takes (none|unit|keyspace|keyspace, unit)\.$/,
      );
    }
  });

  test('a cursor past the oldest entry returns an empty page, and one beyond the end of the log is refused', async () => {
    expect((await coffer.call('GET', '/wallet/w1/history?cursor=1')).body).toEqual({ items: [], next: null });
    await expectRefused(await coffer.call('GET', '/events?cursor=999999999999999-9'), 400);
  });

  test('unknown paths are 404; other methods are 405 and list the allowed ones; OPTIONS is answered', async () => {
    await expectRefused(await coffer.call('GET', '/nothing/here'), 404);
    await expectRefused(await coffer.call('POST', '/wallet/w1/mint', { amount: 1 }), 404);
    const put = await coffer.call('PUT', '/wallet/w1/deposit', { amount: 1 });
    await expectRefused(put, 405);
    expect(put.headers.get('allow')).toBe('POST, OPTIONS');
    await expectRefused(await coffer.call('GET', '/wallet/w1/deposit'), 405);
    expect((await coffer.call('OPTIONS', '/wallet/w1')).headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    const head = await coffer.call('HEAD', '/wallet/w1');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('a method override is ignored', async () => {
    const answer = await coffer.call('GET', '/wallet/w1/deposit?_method=POST', undefined, {
      'x-http-method-override': 'POST',
      'x-http-method': 'POST',
    });
    await expectRefused(answer, 405);
  });
});
