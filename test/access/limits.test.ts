// Rate limits per caller, and what happens to a route without a policy.
import fastify from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { App } from '../../packages/coffer/src/gateway/http/app.ts';
import { guardRoutes } from '../../packages/coffer/src/gateway/http/callers.ts';
import { startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { outsider } from '../grpc/outsider.ts';
import { startPlatform } from '../grpc/platform.ts';
import { person, service } from './world.ts';

let coffer: TestProduct;
// For each test: the minute starts with its first request and does not end during a later one.
beforeEach(async () => {
  coffer = await startProduct({}, { mode: 'required', requestsPerMinute: 5 });
});
afterEach(async () => {
  await coffer.stop();
});

async function statuses(times: number, authorization?: string, path = '/assets'): Promise<number[]> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const found: number[] = [];
  for (let time = 0; time < times; time++) found.push((await coffer.call('GET', path, undefined, headers)).status);
  return found;
}

test('each caller has its own limit of requests per minute, independent of other callers at the same address', async () => {
  const key = await service(coffer.product, ['wallets:read']);
  expect(await statuses(6, key)).toEqual([200, 200, 200, 200, 200, 429]);
  const { authorization } = await person(coffer.product, 'jane', 'user');
  expect(await statuses(6, authorization)).toEqual([200, 200, 200, 200, 200, 429]);
  const answer = await coffer.call('GET', '/assets', undefined, { authorization });
  expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('requests without a valid credential are counted by address; health is not counted', async () => {
  expect(await statuses(6, `Bearer cof_${'a'.repeat(16)}_${'A'.repeat(43)}`)).toEqual([401, 401, 401, 401, 401, 429]);
  expect(await statuses(1)).toEqual([429]);
  expect(await statuses(6, undefined, '/health')).toEqual([200, 200, 200, 200, 200, 200]);
  // Other callers at that address, with a valid credential, are served.
  expect(await statuses(1, await service(coffer.product, ['wallets:read']))).toEqual([200]);
});

test('logins and sign-ups count by address, all addresses of an IPv6 network together', async () => {
  const { access } = coffer.product;
  const outcomes = await Promise.all(
    Array.from({ length: 7 }, async (_, at) => await access.admit('logIn', undefined, `2001:db8::${at + 1}`)),
  );
  expect(outcomes.filter((outcome) => 'denied' in outcome)).toHaveLength(2);
  expect(await access.admit('signUp', undefined, '2001:db8:0:1::1')).toHaveProperty('principal');
  const credentials = { email: 'nobody@example.com', password: 'a wrong guess' };
  const codes: number[] = [];
  for (let time = 0; time < 6; time++) codes.push((await coffer.call('POST', '/users/login', credentials)).status);
  expect(codes).toEqual([401, 401, 401, 401, 401, 429]);
});

test('the same limits apply over gRPC', async () => {
  const platform = await startPlatform({ mode: 'required', requestsPerMinute: 2 });
  const users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  try {
    const metadata = { authorization: await service(platform, ['users:read']) };
    const codes: unknown[] = [];
    for (let time = 0; time < 3; time++)
      codes.push((await users.call('GetUserById', { id: newId() }, { metadata })).trailer['coffer-code']);
    expect(codes).toEqual(['user_not_found', 'user_not_found', 'too_many_requests']);
    // Calls from our own services are not counted.
    expect(await platform.users.signUp({ email: 'jane@example.com', name: 'J', password: 'a good password' })).toHaveProperty('id');
    expect(await platform.users.signUp({ email: 'john@example.com', name: 'J', password: 'a good password' })).toHaveProperty('id');
  } finally {
    users.close();
    await platform.stop();
  }
});

test('HEAD needs what GET needs; an unknown path needs no credential', async () => {
  const open = await startProduct({}, { mode: 'required' });
  try {
    expect((await open.call('HEAD', '/wallet/w1')).status).toBe(401);
    expect((await open.call('HEAD', '/assets', undefined, { authorization: await service(open.product, ['wallets:read']) })).status).toBe(
      200,
    );
    expect((await open.call('GET', '/nothing')).status).toBe(404);
    expect((await open.call('PUT', '/wallet/w1')).status).toBe(405);
  } finally {
    await open.stop();
  }
});

test('the server does not start with a route that has no row in the policy', () => {
  const app = fastify() as unknown as App;
  guardRoutes(app, coffer.product);
  expect(() => app.get('/backdoor', { schema: { operationId: 'openBackdoor' } }, () => 'come in')).toThrow(
    'GET /backdoor is not an operation of the policy',
  );
  expect(() => app.get('/backdoor', () => 'come in')).toThrow('not an operation of the policy');
});
