// The chart of accounts at the command line.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
const home = mkdtempSync(path.join(os.tmpdir(), 'coffer-accounts-'));
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function accounts(...args: string[]): Promise<Run> {
  return await coffer('accounts', ...args);
}

async function coffer(...args: string[]): Promise<Run> {
  const env = { PATH: process.env['PATH'], COFFER_HOME: home, DATABASE_URL: database.url };
  return await promisify(execFile)(process.execPath, [launcher, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

const revenue = ['--asset', 'USD', '--type', 'revenue', '--name', 'Revenue'];

test('adds, changes and lists accounts, and records each change', async () => {
  expect((await accounts('add', 'revenue', ...revenue)).stdout).toContain('Added: revenue  Revenue, revenue, USD, no floor');
  expect((await accounts('add', 'revenue', ...revenue)).stdout).toContain('Exists: revenue');
  const shop = await accounts('add', 'revenue:shop', ...revenue, '--floor', '-500', '--parent', 'revenue', '--json');
  expect(JSON.parse(shop.stdout)).toMatchObject({ id: 'revenue:shop', floor: '-500', parent: 'revenue', added: true });
  expect((await accounts('rename', 'revenue', 'Income')).stdout).toContain('revenue  Income');
  expect((await accounts('move', 'revenue:shop')).stdout).not.toContain('below');
  const listed = (await accounts('list')).stdout;
  expect(listed).toContain('treasury  Treasury, equity, built in');
  expect(listed).toContain('revenue:shop  Revenue, revenue, USD, floor -500');
  const { rows } = await database.pool.query("select kind, subject from audit.change where kind like 'accounts.%' order by id");
  expect(rows.map(({ kind, subject }: Record<string, string>) => `${kind} ${subject}`)).toEqual([
    'accounts.add revenue',
    'accounts.add revenue:shop',
    'accounts.change revenue',
    'accounts.change revenue:shop',
  ]);
});

test('prints reports, which add up', async () => {
  const trial = await coffer('report', 'trial-balance');
  expect(trial.stdout).toMatch(/^USD\n.*debit +credit\n/);
  expect(trial.stdout).toContain('revenue:shop');
  expect((await coffer('report', 'balance-sheet', '--at', '2026-01-31T12:00:00Z')).stdout).toContain('result');
  expect(JSON.parse((await coffer('report', 'income', '--json')).stdout)).toMatchObject({ assets: [{ result: '0' }] });
  expect((await coffer('report', 'income', '--since', 'yesterday')).stderr).toContain('Give a timestamp');
});

test('refuses what is no account with a sentence, and exit code 1', async () => {
  for (const [args, sentence] of [
    [['add', 'Revenue', ...revenue], 'lower case'],
    [['add', 'other', ...revenue, '--parent', 'none'], 'There is no account "none"'],
    [['add', 'revenue', '--asset', 'EUR', '--type', 'revenue', '--name', 'Revenue'], 'another definition'],
    [['rename', 'none', 'None'], 'There is no account "none"'],
    [['move', 'revenue', 'revenue'], 'below it'],
  ] as const)
    expect(await accounts(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) as unknown });
});
