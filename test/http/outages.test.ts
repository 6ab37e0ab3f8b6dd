import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProxy } from '../support/database-proxy.ts';
import type { Proxy } from '../support/database-proxy.ts';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import { alice, startProduct } from './product.ts';
import type { Answer, TestProduct } from './product.ts';

let proxy: Proxy;
let coffer: TestProduct;
const logged: string[] = [];
beforeAll(async () => {
  coffer = await startProduct(
    { log: createLog({ level: 'warn', pretty: false, destination: { write: (line: string) => void logged.push(line) } }) },
    {
      patienceMs: 2_000,
      detour: async (url) => {
        proxy = await startProxy(url);
        return proxy.url;
      },
    },
  );
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 1000, requestId: 'd1' });
});
afterAll(async () => {
  await coffer.stop();
  await proxy.stop();
});

function expectUnavailable(answer: Answer, code: string): void {
  expect(answer).toMatchObject({ status: 503, body: { status: 503, code } });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.text).not.toMatch(/ECONN|postgres|pg_|Connection terminated/i);
}

function cutEverything(): void {
  proxy.judge = () => 'cut';
  for (const connection of proxy.connections) connection.cut();
}

async function untilServing(): Promise<void> {
  proxy.judge = null;
  proxy.release();
  await expect.poll(async () => (await coffer.call('POST', '/wallet/w1/deposit', { amount: 1, requestId: 'probe' })).status).toBe(201);
}

test('while the database is down every answer is 503 with Retry-After and states that nothing was done; then requests succeed again', async () => {
  const login = await coffer.login(alice);
  cutEverything();
  expectUnavailable(await coffer.call('POST', '/wallet/w1/deposit', { amount: 5, requestId: 'away' }), 'unavailable');
  expectUnavailable(await coffer.call('GET', '/wallet/w1'), 'unavailable');
  expectUnavailable(await coffer.call('GET', '/wallet/w1/history'), 'unavailable');
  expectUnavailable(await coffer.call('GET', '/events'), 'unavailable');
  expectUnavailable(await coffer.call('GET', '/users/me', undefined, login), 'unavailable');
  expectUnavailable(await coffer.call('POST', '/auth/login', { user_id: alice }), 'unavailable');
  expect(await coffer.call('GET', '/health')).toMatchObject({ status: 503, body: { status: 'unavailable' } });
  await untilServing();
  expect((await coffer.call('GET', '/wallet/w1/operations/away')).status).toBe(404);
  await expect.poll(async () => (await coffer.call('GET', '/health')).status).toBe(200);
});

test('an answer lost after the commit is reported as an unknown outcome, never as a failure; the same key gets the original answer', async () => {
  const before = BigInt(String((await coffer.call('GET', '/wallet/w1')).body['balance']));
  // Without a key from the caller there is no lookup first: the proxy holds back the answer to the posting.
  proxy.judge = ({ greeting }) => (greeting.includes('coffer book') ? 'hold' : 'pass');
  logged.length = 0;
  const lost = await coffer.call('POST', '/wallet/w1/deposit', { amount: 7 });
  expectUnavailable(lost, 'outcome_unknown');
  // It took Coffer's full timeout, below the threshold for slow answers: the log has the outage, not each answer.
  expect(logged.join('')).not.toContain('Slow answer');
  expect(lost.body['detail']).toMatch(/same idempotency key/);
  for (const connection of proxy.connections) connection.cut();
  await untilServing();
  const again = await coffer.call('POST', '/wallet/w1/deposit', { amount: 7, requestId: lost.body['requestId'] });
  expect(again.status).toBe(201);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(BigInt(String((await coffer.call('GET', '/wallet/w1')).body['balance']))).toBe(before + 7n);
});

test('a database that keeps the connection open but does not answer is down too, and /health reports it', async () => {
  proxy.judge = () => 'hold';
  const health = async () => (await coffer.call('GET', '/health')).status;
  await expect.poll(health).toBe(503);
  await untilServing();
  await expect.poll(health).toBe(200);
});
