/** Runs each example that terminates, as a user runs it, against one Coffer. Examples that run until stopped have separate tests. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiKeys } from '../../packages/coffer/src/identity/index.ts';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { startCofferProcess } from '../support/coffer-process.ts';
import type { CofferProcess } from '../support/coffer-process.ts';
import { runToSuccess, userEnvironment } from '../support/command.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

const root = path.resolve(import.meta.dirname, '../..');
const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', 'import sys; assert sys.version_info >= (3, 9)']).status === 0);
const runsForever = ['consumer.ts', 'live-events.ts'];
const lengthMax = 80;
let database: TestDatabase;
let coffer: CofferProcess;
let apiKey: string;

beforeAll(async () => {
  database = await createTestDatabase();
  coffer = await startCofferProcess(database.url, { COFFER_WEBHOOKS_PRIVATE: 'on' });
  const scopes = ['webhooks:manage', 'events:read', 'money:deposit', 'wallets:open'] as const;
  const key = await new ApiKeys(database.pool).create({ name: 'receiver', scopes, createdBy: 'cli' });
  assert('secret' in key, 'the key is made');
  apiKey = key.secret;
});
afterAll(async () => {
  await coffer.end('SIGTERM');
  await database.drop();
});

const printed: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'shop.ts': [
    /^order 17: paid, jane-\w+ has 3010 left$/,
    /^order 17: was already paid, jane-\w+ has 3010 left$/,
    'order 18: refused (insufficient_funds), available: 3010',
    /^order 17: returned \(1-\d+\), the shop has 0$/,
  ],
  'gift.ts': [
    'birthday: 3 gifts of 200',
    'new-year: no gift of 300 (batch_refused), and nobody got one',
    'giver has 400',
    'ann has 200',
    'ben has 200',
    'cem has 200',
  ],
  'auction.ts': [
    'ann bids 200: highest, 300 available for other bids',
    'cem bids 300: refused (insufficient_funds)',
    'ben bids 350: highest, 450 available for other bids',
    'ann bids 350: too low',
    'ann bids 400: highest, 100 available for other bids',
    'sold to ann for 400',
    'ann has 100, of which 0 are held',
    'ben has 800, of which 0 are held',
    'seller has 400, of which 0 are held',
  ],
  'fee-split.ts': [
    'sale-1: 9999 = 9051 seller + 749 platform + 199 tax',
    'sale-1: 9999 = 9051 seller + 749 platform + 199 tax (was settled before)',
    'buyer has 10001',
    'seller has 9051',
    'platform has 749',
    'tax has 199',
  ],
  'statement.ts': [
    /^deposit +Salary +1200 +1200$/,
    /^transfer +Shoes +-450 +750$/,
    /^withdrawal +Cash +-250 +500$/,
    'balance after the shoes: 750; now: 500; the movements add up: true',
  ],
  'webhook-receiver.ts': [
    'a call that Coffer did not sign',
    'a forged call is answered 401',
    'coffer.wallet.FundsDeposited.v1: jane got 800',
  ],
};

test.each(Object.entries(printed))('examples/%s', async (name, expected) => {
  const args = ['--conditions=coffer-source', path.join(root, 'examples', name)];
  const token = name === 'webhook-receiver.ts' ? { COFFER_TOKEN: apiKey } : {};
  expectLines(await runToSuccess(process.execPath, args, { cwd: root, env: environment(token), withinMs: 40_000 }), expected);
});

test.skipIf(python === undefined)('examples/python/wallets.py', async () => {
  const args = [path.join(root, 'examples/python/wallets.py')];
  expectLines(await runToSuccess(python ?? '', args, { cwd: root, env: environment(), withinMs: 40_000 }), [
    'jane has 500 and the shop 300',
    'a withdrawal of 10000 is refused: insufficient_funds',
    "movements: ['transfer', 'deposit']",
  ]);
});

test('every example is run, listed, short, and starts with a comment about its purpose', () => {
  const files = fs.readdirSync(path.join(root, 'examples')).filter((name) => name.endsWith('.ts'));
  expect(files.toSorted()).toEqual([...Object.keys(printed), ...runsForever].toSorted());
  const list = fs.readFileSync(path.join(root, 'examples/README.md'), 'utf8');
  for (const file of [...files, 'python/wallets.py']) {
    const text = fs.readFileSync(path.join(root, 'examples', file), 'utf8');
    expect(list).toContain(`](${file})`);
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(lengthMax);
    expect(text).toMatch(/^(\/\/ |""")[A-Z]/);
  }
});

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return userEnvironment({ COFFER_URL: coffer.api, ...more });
}

function expectLines(output: string, expected: readonly (string | RegExp)[]): void {
  const lines = output.trimEnd().split('\n');
  const missing = expected.filter((line, at) => (typeof line === 'string' ? line !== lines[at] : !line.test(lines[at] ?? '')));
  expect({ lines, missing, more: lines.length - expected.length }).toEqual({ lines, missing: [], more: 0 });
}
