// `coffer find` against a complete Coffer.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startCofferProcess } from '../../../../test/support/coffer-process.ts';
import type { CofferProcess } from '../../../../test/support/coffer-process.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');

let database: TestDatabase;
let coffer: CofferProcess;
beforeAll(async () => {
  database = await createTestDatabase();
  coffer = await startCofferProcess(database.url);
  await call('POST', '/wallet/w1/deposit', { amount: 1000, requestId: 'pay-in', metadata: { orderId: 'ORD-17' } });
  await call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', amount: 5_000, requestId: 'too much' });
  await call('POST', '/wallet/w1/holds', { amount: 7, requestId: 'car' });
  await vi.waitFor(async () => expect((await call('GET', '/operations'))['asOf']).toMatchObject({ behind: 0 }), { timeout: 60_000 });
});
afterAll(async () => {
  await coffer.end('SIGTERM');
  await database.drop();
});

type Body = Record<string, unknown>;
type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function call(method: string, route: string, body?: object): Promise<Body> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${coffer.api}${route}`, { method, ...(body && { headers, body: JSON.stringify(body) }) });
  return (await answer.json()) as Body;
}

async function find(...args: string[]): Promise<Run> {
  return await promisify(execFile)(process.execPath, [launcher, 'find', ...args], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

test('anything by an order number, and nothing', async () => {
  expect((await find('ORD-17')).stdout).toMatch(/^metadata {2}operation {2}1-\d+ .* deposit .* key pay-in\n$/);
  expect((await find('ORD-18')).stdout).toBe('Nothing was found for "ORD-18".\n');
});

test('operations by filters, as lines and as the JSON of the API', async () => {
  const { stdout } = await find('operations', '--status', 'refused', '--wallet', 'w1', '--count');
  expect(stdout).toMatch(/^1-\d+ .* transfer {2}refused .*key too much\n1 in all\.\n$/);
  const json = JSON.parse((await find('operations', '--metadata', 'orderId=ORD-17', '--json')).stdout) as Body;
  expect(json).toEqual({ ...(await call('GET', '/operations?metadata.orderId=ORD-17')), asOf: json['asOf'] });
});

test('holds and wallets', async () => {
  expect((await find('holds', '--state', 'open')).stdout).toMatch(/ open {2}7 of 7 USD {2}w1\n$/);
  expect((await find('wallets', '--asset', 'USD', '--sort', 'balance', '--balance-min', '1000', '--balance-max', '1000')).stdout).toMatch(
    /^w1 {2}1000 USD {2}active /,
  );
});

test('options that make no sense are refused with a sentence', async () => {
  const refused = await find('wallets', '--sort', 'balance');
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toContain('name the asset');
  expect((await find('operations', '--since', 'yesterday')).stderr).toContain('"--since"');
});
