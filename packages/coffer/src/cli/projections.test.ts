// A whole Coffer with an event that its stats cannot take in, and an operator at the command line.
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
  coffer = await startCofferProcess(database.url);
});
afterAll(async () => {
  await coffer.end('SIGTERM');
  await database.drop();
});

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function run(...args: string[]): Promise<Run> {
  return await promisify(execFile)(process.execPath, [launcher, ...args], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

async function deposit(wallet: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${coffer.api}/wallet/${wallet}/deposit`, { method: 'POST', headers, body: JSON.stringify({ amount: 5 }) });
  expect(answer.status).toBe(201);
}

async function sumsOf(wallet: string): Promise<{ deposited: bigint; postings: number }[]> {
  const { rows } = await database.pool.query<{ deposited: bigint; postings: number }>(
    'select deposited, postings from insights.wallet_stats where wallet = $1',
    [wallet],
  );
  return rows;
}

test('an event whose dead letter was dropped is listed, retried while the worker is running, and applied once', async () => {
  await database.pool.query(`
    create function insights.refuse() returns trigger language plpgsql as $$ begin raise exception 'no stats of %', new.wallet; end $$;
    create trigger refuse before insert on insights.wallet_stats for each row when (new.wallet = 'odd') execute function insights.refuse()`);
  for (const wallet of ['even', 'odd', 'even']) await deposit(wallet);
  // It fails five times in the background and becomes a dead letter. The opening has a separate event.
  await expect
    .poll(async () => (await run('deadletters', 'list', '--json')).stdout, { timeout: 120_000, interval: 1_000 })
    .toMatch(/"count":[1-9]/);
  await expect.poll(async () => (await sumsOf('even')).length).toBe(1);
  expect((await run('deadletters', 'drop', '--all', '--yes')).code).toBe(0);

  const { items } = JSON.parse((await run('projections', 'set-aside', 'stats', '--json')).stdout) as {
    items: { id: string; tries: number; type: string }[];
  };
  const { id = '', tries = 0, type = '' } = items[0] ?? {};
  expect(items).toEqual([
    { id, type: 'FundsDeposited', wallet: 'odd', error: 'no stats of odd', tries, since: expect.any(String) as unknown },
  ]);
  expect((await run('projections', 'set-aside', 'stats')).stdout).toContain(`${id}  ${type}  odd  no stats of odd  ${tries} tries since `);
  expect((await run('projections')).stdout).toMatch(
    /^stats: generation 1, 1 quarantined\n {2}book 1: at \d+-1, 1?\d events, at the end of the log$/m,
  );

  const inVain = await run('projections', 'retry', 'stats', '--json');
  expect([inVain.code, JSON.parse(inVain.stdout)]).toMatchObject([
    1,
    { projection: 'stats', applied: 0, failed: [{ id, tries: tries + 1 }] },
  ]);
  expect((await run('projections', 'retry', 'stats')).stdout).toContain('stats: 0 applied, 1 failed again.');

  await database.pool.query('drop trigger refuse on insights.wallet_stats');
  const both = await Promise.all([run('projections', 'retry', 'stats'), run('projections', 'retry', 'stats')]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(both.map(({ stdout }) => stdout).join('')).toContain('stats: 1 applied, 0 failed again.');
  expect(await sumsOf('odd')).toEqual([{ deposited: 5n, postings: 1 }]);
  const again = await run('projections', 'retry', 'stats', id);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('has none of these events in quarantine')]);
  expect(JSON.parse((await run('projections', 'list', '--json')).stdout)).toContainEqual(
    expect.objectContaining({ name: 'stats', status: expect.objectContaining({ setAside: 0 }) as unknown }),
  );
  expect((await run('rebuild', 'stats', '--check')).code).toBe(0);
}, 400_000);

test('an unknown projection is refused with the list of known ones, and help lists the commands', async () => {
  for (const command of ['set-aside', 'retry']) {
    const { code, stderr } = await run('projections', command, 'nonsense');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/There is no projection "nonsense"\.[^]*stats, fraud, notifications, webhooks/),
    ]);
  }
  const help = await run('projections', '--help');
  for (const word of ['list', 'set-aside', 'retry']) expect(help.stdout).toContain(word);
  expect((await run('projections', 'nonsense')).code).toBe(1);
});
