// Complete processes of Coffer with encrypted metadata: retries in other processes and modes, and the rotation of COFFER_DATA_KEY.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCofferProcess } from '../../../../test/support/coffer-process.ts';
import type { CofferProcess } from '../../../../test/support/coffer-process.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { rowsWith } from '../../../../test/privacy/world.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
const mark = 'Unmistakable-Note-of-Eve';
const metadata = { note: mark, größe: 1.5 };
const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

type Env = Record<string, string>;
const on = (key: string, previous?: string): Env => ({
  COFFER_METADATA_ENCRYPTION: 'user',
  COFFER_DATA_KEY: key,
  ...(previous !== undefined && { COFFER_DATA_KEY_PREVIOUS: previous }),
});
const off = (key: string): Env => ({ COFFER_DATA_KEY: key });

let database: TestDatabase;
let owner = '';
const running: CofferProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const coffer of running.splice(0)) await coffer.end('SIGTERM');
});
afterAll(() => database.drop());

async function start(env: Env): Promise<CofferProcess> {
  const coffer = await startCofferProcess(database.url, env);
  running.push(coffer);
  return coffer;
}

async function end(coffer: CofferProcess): Promise<void> {
  running.splice(running.indexOf(coffer), 1);
  await coffer.end('SIGTERM');
}

async function rewrap(env: Env): Promise<{ code: number; stdout: string; stderr: string }> {
  return await promisify(execFile)(process.execPath, [launcher, 'datakeys', 'rewrap'], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url, ...env },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: { code: number; stdout: string; stderr: string }) => failure,
  );
}

async function post({ api }: CofferProcess, [route, body]: readonly [string, object]): Promise<[number, string]> {
  const answer = await fetch(`${api}${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return [answer.status, (await answer.text()).replaceAll('"replayed":false', '"replayed":true')];
}

/** Each kind of operation. Posts the deposit and the hold that others refer to. */
async function operations(coffer: CofferProcess): Promise<(readonly [string, object])[]> {
  const wallet = `/wallet/${owner}.USD`;
  const terms = (name: string) => ({ requestId: name, metadata });
  const item = (name: string) => ({ type: 'deposit', walletId: `${owner}.USD`, amount: 1, ...terms(name) });
  const hold = [`${wallet}/holds`, { amount: 9, ...terms('hold') }] as const;
  const deposit = [`${wallet}/deposit`, { amount: 100, ...terms('deposit') }] as const;
  const { operationId } = JSON.parse((await post(coffer, deposit))[1]) as { operationId: string };
  const { holdId } = JSON.parse((await post(coffer, hold))[1]) as { holdId: string };
  return [
    deposit,
    hold,
    [`/holds/${holdId}/capture`, { amount: 3, ...terms('capture') }],
    [`/holds/${holdId}/release`, terms('release')],
    [`${wallet}/withdraw`, { amount: 2, ...terms('withdraw') }],
    [`${wallet}/withdraw`, { amount: 1_000_000, ...terms('refused') }],
    [`${wallet}/transfer`, { amount: 2, toWalletId: 'shop', ...terms('transfer') }],
    [`/operations/${operationId}/reverse`, { amount: 1, reason: 'a test', ...terms('reverse') }],
    ['/operations/batch', { operations: [item('one'), item('two')] }],
    ['/operations/batch', { operations: [item('all'), item('none')], atomic: true }],
    [`${wallet}/withdraw`, { amount: 1, async: true, ...terms('later') }],
  ];
}

/** A request changes while a worker carries it out. */
const settled = ([status, text]: [number, string]) => (status === 202 ? [status, (JSON.parse(text) as { id: string }).id] : [status, text]);

test('a retry gets the same answer from a second process, in either mode, and before and after each step of a rotation', async () => {
  let coffer = await start(on(first));
  await post(coffer, ['/users/signup', { name: 'Eve', email: 'eve@example.com', password: 'correct horse battery' }]);
  const users = await database.pool.query<{ id: string }>('select id from identity.users');
  owner = users.rows[0]?.id ?? '';
  await post(coffer, ['/wallet', { ownerId: owner }]);
  await post(coffer, ['/wallet/shop/deposit', { amount: 1 }]);
  const kinds = await operations(coffer);
  const answers: ReturnType<typeof settled>[] = [];
  for (const kind of kinds) answers.push(settled(await post(coffer, kind)));
  expect(answers.map(([status]) => status).filter((status) => Number(status) >= 300)).toEqual([422]);
  expect((await database.pool.query('select owner from metadata.data_key')).rows).toEqual([{ owner }]);
  expect(await rowsWith(database.pool, mark)).toEqual([]);
  const check = async (process: CofferProcess) => {
    for (const [at, kind] of kinds.entries()) expect([kind, settled(await post(process, kind))]).toEqual([kind, answers[at]]);
  };

  const beside = await start(on(first));
  await check(beside);
  await end(beside);
  await end(coffer);
  coffer = await start(off(first));
  await check(coffer);
  await end(coffer);
  // A process that still has the old key first creates a key after another has wrapped all keys with the new one.
  const old = await start(on(first, second));
  coffer = await start(on(second, first));
  await post(old, ['/wallet/other/deposit', { amount: 1, metadata }]);
  await check(old);
  await check(coffer);
  await end(old);
  expect(await rewrap(on(second))).toMatchObject({ code: 1, stderr: expect.stringContaining('do not open 1 of ') as string });
  expect(await rewrap({})).toMatchObject({ code: 1, stderr: expect.stringContaining('COFFER_DATA_KEY is not set') as string });
  expect(await rewrap(on(second, first))).toMatchObject({ code: 0, stdout: expect.stringContaining('Encrypted 1 of ') as string });
  expect(await rewrap(on(second))).toMatchObject({ code: 0, stdout: expect.stringContaining('Encrypted 0 of ') as string });
  await end(coffer);
  coffer = await start(on(second));
  await check(coffer);
  expect(await rowsWith(database.pool, mark)).toEqual([]);
});
