import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { endWithTest } from '../support/children.ts';
import { startCofferProcess } from '../support/coffer-process.ts';
import type { CofferProcess } from '../support/coffer-process.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

const launcher = path.resolve(import.meta.dirname, '../../packages/coffer/bin/coffer.mjs');
let database: TestDatabase;
let coffer: CofferProcess;
const home = mkdtempSync(path.join(os.tmpdir(), 'coffer-worker-'));

beforeAll(async () => {
  database = await createTestDatabase();
  coffer = await startCofferProcess(database.url);
});
afterAll(async () => {
  await coffer.end('SIGTERM');
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const env = () => ({ ...process.env, DATABASE_URL: database.url, COFFER_HOME: home, LOG_LEVEL: 'warn' });

async function deposit(wallet: string, times: number): Promise<void> {
  for (let number = 0; number < times; number++) {
    const answer = await fetch(`${coffer.api}/wallet/${wallet}/deposit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ amount: 5 }),
    });
    expect(answer.status).toBe(201);
  }
}

type Listed = { items: { name: string; setAside: number; books: { seq: number; events: number; behindEntries: number }[] }[] };

async function stats(): Promise<Listed['items'][number] | undefined> {
  const { items } = (await (await fetch(`${coffer.api}/projections`)).json()) as Listed;
  return items.find(({ name }) => name === 'stats');
}

async function expectCaughtUp(): Promise<void> {
  const { rows } = await database.pool.query<{ end: number }>('select max(seq) as end from ledger.event');
  await expect.poll(stats).toMatchObject({ setAside: 0, books: [{ seq: rows[0]?.end, behindEntries: 0 }] });
}

test('coffer start projects its own postings, and reports its progress in the API and in the metrics', async () => {
  await deposit('w1', 3);
  await expectCaughtUp();
  const text = await (await fetch(`${coffer.api}/metrics`)).text();
  for (const line of [
    /^coffer_projection_events\{projection="stats"\} \d+$/m,
    /^coffer_projection_lag_entries\{projection="stats"\} \d+$/m,
    /^coffer_projection_lag_seconds\{projection="stats"\} \d/m,
    /^coffer_projection_set_aside_events\{projection="stats"\} 0$/m,
    /^coffer_dead_letters 0$/m,
  ])
    expect(text).toMatch(line);
});

test('coffer rebuild lists, compares and rebuilds derived data next to a running Coffer', async () => {
  const run = async (...args: string[]) => await promisify(execFile)(process.execPath, [launcher, 'rebuild', ...args], { env: env() });
  const listed = JSON.parse((await run('--json')).stdout) as { name: string }[];
  expect(listed.find(({ name }) => name === 'stats')).toMatchObject({ comparable: true, status: { setAside: 0 } });
  expect((await run('stats', '--check')).stdout).toMatch(/^stats matches the log \([\d,]+ events in /);

  await database.pool.query('update insights.wallet_stats set deposited = deposited + 1');
  const failure = (await run('stats', '--check', '--json').catch((error: unknown) => error)) as { code: number; stdout: string };
  expect([failure.code, JSON.parse(failure.stdout)]).toMatchObject([1, { differences: [{ table: 'insights.wallet_stats' }] }]);
  expect(JSON.parse((await run('stats', '--json')).stdout)).toMatchObject({ projection: 'stats', differences: null });

  const unknown = (await run('nonsense').catch((error: unknown) => error)) as { stderr: string };
  expect(unknown.stderr).toContain('There is no projection "nonsense"');
  // It offers exactly what it lists.
  expect(unknown.stderr).toContain(`Choose one of ${listed.map(({ name }) => name).join(', ')}.`);
  const unnamed = (await run('--check').catch((error: unknown) => error)) as { code: number; stderr: string };
  expect([unnamed.code, unnamed.stderr]).toEqual([1, expect.stringContaining('coffer rebuild stats --check')]);
});

test('coffer start worker takes over when the other process is gone, survives a cut connection, and stops on a signal', async () => {
  const worker = spawn(process.execPath, [launcher, 'start', 'worker'], { env: env(), stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(worker, 'exit');
  endWithTest(worker);
  await deposit('w2', 2);
  await expectCaughtUp();
  await coffer.end('SIGKILL');
  coffer = await startCofferProcess(database.url);
  await database.pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await vi.waitFor(() => deposit('w2', 1), { timeout: 120_000 });
  await deposit('w2', 2);
  await expectCaughtUp();
  expect(worker.exitCode).toBeNull();
  worker.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
