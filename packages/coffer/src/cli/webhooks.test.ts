// A complete Coffer that sends webhooks to loopback, and an operator at the command line.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCofferProcess } from '../../../../test/support/coffer-process.ts';
import type { CofferProcess } from '../../../../test/support/coffer-process.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { startReceiver } from '../../../../test/webhooks/world.ts';
import type { Receiver } from '../../../../test/webhooks/world.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
const inside = { COFFER_WEBHOOKS_PRIVATE: 'on' };

let database: TestDatabase;
let coffer: CofferProcess;
let receiver: Receiver;
beforeAll(async () => {
  database = await createTestDatabase();
  receiver = await startReceiver();
  coffer = await startCofferProcess(database.url, inside);
});
afterAll(async () => {
  await coffer.end('SIGTERM');
  await receiver.stop();
  await database.drop();
});

type Body = Record<string, unknown>;
type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function command(args: readonly string[], env: Record<string, string> = inside): Promise<Run> {
  return await promisify(execFile)(process.execPath, [launcher, 'webhooks', ...args], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url, ...env },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

const secrets: string[] = [];

/** The JSON output of a command, which never repeats a secret. */
async function json(...args: string[]): Promise<Body> {
  const { code, stdout, stderr } = await command([...args, '--json']);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('rror')]);
  for (const secret of secrets) expect(stdout).not.toContain(secret);
  return JSON.parse(stdout) as Body;
}

async function create(...options: string[]): Promise<string> {
  const { endpoint, secret } = (await json('create', receiver.url, ...options)) as { endpoint: Body; secret: string };
  expect(secret).toMatch(/^whsec_/);
  secrets.push(secret);
  return String(endpoint['id']);
}

async function deposit(wallet: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${coffer.api}/wallet/${wallet}/deposit`, { method: 'POST', headers, body: JSON.stringify({ amount: 5 }) });
  expect(answer.status).toBe(201);
}

async function deliveries(id: string, ...options: string[]): Promise<Body[]> {
  return (await json('deliveries', id, ...options))['items'] as Body[];
}

/** Read from the database: each command would start a process. */
async function delivered(id: string): Promise<number> {
  const { rowCount } = await database.pool.query(`select from webhooks.delivery where endpoint = $1 and status = 'delivered'`, [id]);
  return rowCount ?? 0;
}

test('a webhook is created, listed and shown, its secret only once; its deliveries are listed and shown with each call', async () => {
  const id = await create('--types', 'FundsDeposited', '--wallet', 'told', '--description', 'a till');
  await deposit('told');
  await deposit('another');
  await expect.poll(() => receiver.messages.length).toBe(1);
  await expect.poll(() => delivered(id)).toBe(1);
  expect(await json('show', id)).toMatchObject({ id, url: receiver.url, types: ['FundsDeposited'], wallet: 'told', createdBy: 'cli' });
  const listed = await command(['list']);
  expect(listed.stdout).toContain(`${id}  enabled  FundsDeposited for told  ${receiver.url}`);
  expect((await command(['show', id])).stdout).toContain('a till\n');
  for (const secret of secrets) expect(listed.stdout).not.toContain(secret);
  const [delivery] = await deliveries(id, '--status', 'delivered');
  const shown = await json('delivery', id, String(delivery?.['id']));
  expect(shown).toMatchObject({ delivery: { type: 'FundsDeposited', wallet: 'told' }, attempts: [{ number: 1, httpStatus: 204 }] });
  expect(JSON.parse(String(shown['body']))).toMatchObject({ subject: 'told' });
  expect((await command(['delivery', id, String(delivery?.['id'])])).stdout).toMatch(
    /delivered, 1 attempts[^]*\n {2}\S+Z {2}1 {2}204 {2}\(/,
  );
});

test('a webhook is paused and resumed, tested, replayed and deleted while Coffer is running', async () => {
  const id = await create('--wallet', 'replayed');
  expect(await json('pause', id)).toMatchObject({ status: 'disabled', disabledWhy: 'it was switched off' });
  expect((await command(['resume', id])).stdout).toContain(`${id}  enabled  *`);
  const before = receiver.messages.length;
  await json('test', id);
  await expect.poll(() => receiver.messages.length).toBe(before + 1);
  await expect.poll(() => delivered(id)).toBe(1);
  const [sent] = await deliveries(id);
  expect(await json('replay', id, String(sent?.['id']))).toMatchObject({ status: 'pending' });
  await expect.poll(() => receiver.messages.length).toBe(before + 2);
  await expect.poll(() => delivered(id)).toBe(1);
  expect((await command(['replay', id, '--since', '2020-01-01T00:00:00Z', '--status', 'delivered'])).stdout).toBe('1 replayed.\n');
  await expect.poll(() => receiver.messages.length).toBe(before + 3);
  expect(new Set(receiver.messages.slice(before).map(({ id: message }) => message)).size).toBe(1);
  expect((await command(['delete', id])).stderr).toContain('Add --yes');
  expect(await json('delete', id, '--yes')).toMatchObject({ id });
  expect((await command(['show', id])).stderr).toContain('There is no such webhook.');
});

test('a rotation shows the new secret once', async () => {
  const id = await create();
  const { secret } = (await json('rotate', id)) as { secret: string };
  expect(secrets).not.toContain(secret);
  secrets.push(secret);
  expect(await json('show', id)).toMatchObject({ previousExpiresAt: expect.any(String) as string });
  await json('list');
});

const unknownId = '019a6d2e-7c1b-7a54-9d3a-2f1e8c4b5a60';
test.each([
  [['show', unknownId], 'There is no such webhook.'],
  [['replay', unknownId], 'No deliveries are named.'],
  [['replay', unknownId, '--since', 'yesterday'], 'Give a timestamp with a time zone'],
  [['replay', unknownId, '1'], 'The webhook has no such delivery.'],
  [['deliveries', unknownId, '--status', 'lost'], 'Allowed choices are'],
  [['create', 'https://example.com/', '--types', 'FundsDepositd'], 'Unknown event type FundsDepositd'],
])('%j is refused with a reason', async (args, sentence) => {
  const { code, stderr } = await command(args);
  expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
});

test('a private address is refused unless it is allowed', async () => {
  const { code, stderr } = await command(['create', 'https://10.0.0.1/hooks'], {});
  expect([code, stderr]).toEqual([1, expect.stringContaining('not a public address')]);
});

test('stopping does not wait for an address that hangs', async () => {
  const hanging = await startReceiver(async () => await new Promise<number>(() => undefined));
  const made = (await json('create', hanging.url, '--wallet', 'hanging')) as { endpoint: { id: string }; secret: string };
  await json('test', made.endpoint.id);
  await expect.poll(() => hanging.messages.length).toBe(1);
  expect(await coffer.end('SIGTERM')).toBe(0);
  expect(await json('delivery', made.endpoint.id, String((await deliveries(made.endpoint.id))[0]?.['id']))).toMatchObject({
    delivery: { status: 'pending', attempts: 1 },
    attempts: [{ why: 'Coffer was stopped during the call' }],
  });
  coffer = await startCofferProcess(database.url, inside);
  await expect.poll(() => hanging.messages.length).toBe(2);
  expect(new Set(hanging.messages.map(({ id }) => id)).size).toBe(1);
  await hanging.stop();
});
