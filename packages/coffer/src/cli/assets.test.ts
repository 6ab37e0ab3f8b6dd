// Assets at the command line.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { currencyOf } from './currencies.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
const home = mkdtempSync(path.join(os.tmpdir(), 'coffer-assets-'));
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function assets(...args: string[]): Promise<Run> {
  return await coffer(['assets', ...args]);
}

async function coffer(args: readonly string[], settings: Record<string, string> = {}): Promise<Run> {
  const env = { PATH: process.env['PATH'], COFFER_HOME: home, DATABASE_URL: database.url, ...settings };
  return await promisify(execFile)(process.execPath, [launcher, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

test('adds currencies of ISO 4217, which may be there already, and records each change', async () => {
  expect((await assets('add', '--iso', 'JPY', 'KWD', 'USD')).stdout).toMatch(
    /^Added: JPY {2}Japanese Yen, scale 0.*\nAdded: KWD {2}Kuwaiti Dinar, scale 3.*\nExists: USD {2}US Dollar, scale 2/,
  );
  expect((await assets('add', '--iso', 'JPY')).stdout).toContain('Exists: JPY');
  expect((await assets('rename', 'JPY', 'Yen')).stdout).toContain('JPY  Yen');
  expect((await assets('retire', 'JPY')).stdout).toContain('retired');
  expect(JSON.parse((await assets('reinstate', 'JPY', '--json')).stdout)).toMatchObject({ code: 'JPY', retired: false });
  expect((await assets('list')).stdout).toContain('KWD  Kuwaiti Dinar, scale 3, currency');
  const { rows } = await database.pool.query("select kind, subject, actor from audit.change where kind like 'assets.%' order by id");
  expect(rows.map(({ kind, subject }: Record<string, string>) => `${kind} ${subject}`)).toEqual([
    'assets.add JPY',
    'assets.add KWD',
    'assets.change JPY',
    'assets.change JPY',
    'assets.change JPY',
  ]);
  expect(rows.every(({ actor }: Record<string, string>) => actor?.startsWith('cli:'))).toBe(true);
});

test.each([
  [['add', '--iso', 'JPY', 'XAU'], '"XAU" is not the code of a current currency'],
  [['add', '--iso', 'toString'], 'is not the code of a current currency'],
  [['add', '--iso', 'EUR', '--scale', '3'], '--iso brings name, scale and kind'],
  [['add', 'GEMS'], 'needs --name, --scale and --kind'],
  [['add', 'gems', '--name', 'Gems', '--scale', '0', '--kind', 'virtual'], 'Did you mean GEMS?'],
  [['add', 'GEMS', '--name', 'Gems', '--scale', '19', '--kind', 'virtual'], '0 to 18'],
  [['retire', 'USD'], 'The wallets of new users are opened in USD'],
  [['retire', 'NONE'], 'There is no asset "NONE"'],
])('%j is refused', async (args, sentence) => {
  const { code, stdout, stderr } = await assets(...args, '--json');
  expect([code, stdout]).toEqual([1, '']);
  expect((JSON.parse(stderr) as { error: string }).error).toContain(sentence);
});

test('a start is refused while the default asset is retired or unknown', async () => {
  const start = async (asset: string) => await coffer(['start', 'wallets'], { COFFER_DEFAULT_ASSET: asset });
  expect(await coffer(['assets', 'retire', 'POINTS'])).toMatchObject({ code: 0 });
  const retired = await start('POINTS');
  expect([retired.code, retired.stderr]).toEqual([1, expect.stringContaining('coffer assets reinstate POINTS')]);
  const unknown = await start('NONE');
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('coffer assets add')]);
});

test('scales are those of ISO 4217', () => {
  const scaleOf = (code: string) => currencyOf(code)?.scale ?? null;
  expect(['JPY', 'KWD', 'NGN', 'CLF', 'ISK', 'MGA', 'MRU', 'XOF', 'XAU', 'XTS', 'jpy', 'constructor'].map(scaleOf)).toEqual([
    0,
    3,
    2,
    4,
    0,
    2,
    2,
    0,
    null,
    null,
    null,
    null,
  ]);
});
