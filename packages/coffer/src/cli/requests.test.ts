// A complete Coffer whose withdrawals wait for approval, and an operator at the command line.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCofferProcess } from '../../../../test/support/coffer-process.ts';
import type { CofferProcess } from '../../../../test/support/coffer-process.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');

let database: TestDatabase;
let coffer: CofferProcess;
beforeAll(async () => {
  database = await createTestDatabase();
  coffer = await startCofferProcess(database.url, { COFFER_PAYOUT: 'approval' });
  await call('POST', '/wallet/w1/deposit', { amount: 1000 });
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

async function command(...args: string[]): Promise<Run> {
  return await promisify(execFile)(process.execPath, [launcher, 'requests', ...args], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

async function json(...args: string[]): Promise<Body> {
  const { code, stdout, stderr } = await command(...args, '--json');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('rror')]);
  return JSON.parse(stdout) as Body;
}

async function waiting(amount: number): Promise<string> {
  const id = String((await call('POST', '/wallet/w1/withdraw', { amount, async: true }))['id']);
  await expect.poll(async () => (await call('GET', `/requests/${id}`))['status']).toBe('awaiting_approval');
  return id;
}

test('a waiting request is listed, shown, approved or rejected, and the worker continues with it', async () => {
  const [yes, no] = [await waiting(100), await waiting(200)];
  expect(((await json('list', '--status', 'awaiting_approval'))['items'] as Body[]).map(({ id }) => id)).toEqual([no, yes]);
  expect((await command('list', '--wallet', 'w1')).stdout).toContain(`${yes}  withdraw 100 of w1  awaiting_approval`);
  expect(await json('approve', yes, '--reason', 'checked')).toMatchObject({ id: yes, status: 'capturing' });
  expect((await command('reject', no, '--reason', 'unknown account')).stdout).toContain(`${no} is now releasing.`);
  expect((await call('GET', `/requests/${yes}?wait=30`))['status']).toBe('completed');
  expect((await call('GET', `/requests/${no}?wait=30`))['status']).toBe('released');
  expect(await call('GET', '/wallet/w1')).toMatchObject({ balance: '900', held: '0' });
  const shown = await json('show', no);
  expect(shown['log']).toContainEqual(expect.objectContaining({ step: 'reject', actor: 'cli', detail: 'unknown account' }));
  expect((await command('show', no)).stdout).toContain('reject: releasing (unknown account) by cli');
});

test('a transfer is listed with its requested mode', async () => {
  await call('POST', '/wallet/w2/deposit', { amount: 1 });
  const id = String((await call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', amount: 1, mode: 'saga', async: true }))['id']);
  expect((await command('list', '--wallet', 'w1')).stdout).toContain(`${id}  transfer 1 of w1 to w2, saga  `);
  expect(await json('show', id)).toMatchObject({ content: { mode: 'saga' } });
});

test('a rejected request is replayed, and waits again', async () => {
  const id = await waiting(50);
  await command('reject', id, '--reason', 'a mistake');
  await call('GET', `/requests/${id}?wait=30`);
  expect(await json('replay', id, '--reason', 'mended')).toMatchObject({ status: 'accepted', generation: 1 });
  await expect.poll(async () => (await call('GET', `/requests/${id}`))['status']).toBe('awaiting_approval');
});

test.each([
  [['show', 'nothing'], 'There is no request "nothing".'],
  [['replay', '019a6d2e-7c1b-7a54-9d3a-2f1e8c4b5a60', '--reason', 'x'], 'There is no request'],
  [['approve', '019a6d2e-7c1b-7a54-9d3a-2f1e8c4b5a60'], "required option '--reason"],
  [['approve', 'x', '--reason', '  '], 'Give 1 to 1000 characters'],
  [['list', '--status', 'lost'], 'Allowed choices are'],
  [['list', '--cursor', 'x'], 'Give the cursor'],
  [['list', '--limit', '0'], 'Give a whole number'],
])('%j is refused with a reason', async (args, sentence) => {
  const { code, stderr } = await command(...args);
  expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
});
