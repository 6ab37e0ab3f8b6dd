// A complete Coffer in required mode, an API key that needs a second person, and that person at the command line.
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
let authorization = '';
beforeAll(async () => {
  database = await createTestDatabase();
  coffer = await startCofferProcess(database.url, { COFFER_AUTH: 'required' });
  const made = await json('keys', 'create', 'shop', '--scopes', 'wallets:read,money:deposit');
  authorization = `Bearer ${String(made['secret'] ?? made['key'])}`;
});
afterAll(async () => {
  await coffer.end('SIGTERM');
  await database.drop();
});

type Body = Record<string, unknown>;
type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function call(method: string, route: string, body?: object): Promise<Body> {
  const headers = { 'content-type': 'application/json', authorization };
  const answer = await fetch(`${coffer.api}${route}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return (await answer.json()) as Body;
}

async function command(...args: string[]): Promise<Run> {
  return await promisify(execFile)(process.execPath, [launcher, ...args], {
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

test('a policy set at the command line holds an operation back, and the worker posts it once it is approved there', async () => {
  const reason = ['--reason', 'four eyes'];
  const set = await command('approvals', 'set-policy', 'big', 'deposit', '--above', '100', '--makers', 'key', ...reason);
  expect(set.stdout).toContain('big  deposit above 100 by key');
  const deposit = { amount: 101, requestId: 'first' };
  const waiting = async () => (await call('POST', '/wallet/w9/deposit', deposit))['approvalId'];
  await expect.poll(waiting).toEqual(expect.any(String));
  const id = String(await waiting());
  expect((await command('approvals', 'list', '--state', 'pending')).stdout).toContain(`${id}  deposit 101 of w9 by key:`);
  expect(await json('approvals', 'approve', id, ...reason)).toMatchObject({ state: 'approved', decidedBy: 'cli' });
  await expect.poll(async () => (await json('approvals', 'show', id))['state']).toBe('done');
  expect(await call('GET', '/wallet/w9')).toMatchObject({ balance: '101' });
  expect((await command('approvals', 'reject', id, ...reason)).stderr).toContain('The approval is done.');
  expect((await command('approvals', 'remove-policy', 'nothing', ...reason)).stderr).toContain('There is no approval policy "nothing".');
  expect(await json('approvals', 'remove-policy', 'big', ...reason)).toEqual({ removed: 'big' });
  const { rows } = await database.pool.query(
    `select policy, actor, approver from approvals.policy_change where policy = 'big' order by id`,
  );
  expect(rows).toEqual([1, 2].map(() => ({ policy: 'big', actor: 'cli', approver: null })));
});
