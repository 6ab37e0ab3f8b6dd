// Fraud rules at the command line, with a database that others use at the same time.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startLog } from '../../../../test/insights/log.ts';
import type { Log } from '../../../../test/insights/log.ts';
import { fraudProjection } from '../insights/index.ts';
import { temporaryHome } from '../../../../test/support/server.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
let log: Log;
let home: string;
let file: string;
beforeAll(async () => {
  log = await startLog();
  home = temporaryHome();
  file = path.join(home, 'rule.json');
  await log.commands.deposit({ wallet: 'w', amount: 100_000n });
  for (const amount of [50n, 60n, 20_000n]) await log.commands.withdraw({ wallet: 'w', amount });
  await log.apply(fraudProjection(), await log.events());
});
afterAll(async () => {
  await log.stop();
  fs.rmSync(home, { recursive: true, force: true });
});

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function coffer(...args: string[]): Promise<Run> {
  const env = { PATH: process.env['PATH'], COFFER_HOME: home, DATABASE_URL: log.url };
  return await promisify(execFile)(process.execPath, [launcher, 'fraud', ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await coffer(...args, '--json');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return JSON.parse(stdout);
}

test('lists the rules, and their findings with the facts', async () => {
  expect(await json('rules')).toMatchObject({ items: [{ rule: 'withdrawal-amount', version: 1 }, { rule: 'withdrawal-velocity' }] });
  expect((await coffer('rules')).stdout).toContain(
    'withdrawal-velocity  v1  enabled  flag  velocity: assets all, count 3, movements withdrawal, windowSeconds 60  Several',
  );
  const { stdout } = await coffer('findings', '--wallet', 'w', '--rule', 'withdrawal-amount');
  expect(stdout).toMatch(/withdrawal-amount v1 {2}w {2}flag {2}.*amount 20000.* events 1-\d+-1\n$/);
});

test('a rule is tested on past events, added, disabled, changed by its file, and has a history', async () => {
  const rule = {
    id: 'small',
    name: 'Small',
    kind: 'amount',
    definition: { threshold: '50', movements: ['withdrawal'], assets: 'all' },
    action: 'flag',
  };
  fs.writeFileSync(file, JSON.stringify(rule));
  expect(await json('dry-run', '--rule', file)).toMatchObject({ found: 3, foundByPresent: 0, foundByBoth: 0, complete: true });
  expect(await json('rules')).toMatchObject({ items: { length: 2 } });
  expect(await json('add', file, '--reason', 'to see')).toMatchObject({ rule: 'small', version: 1, actor: 'cli', enabled: true });
  expect(await json('disable', 'small', '--reason', 'seen')).toMatchObject({ version: 2, enabled: false });
  expect(await json('enable', 'small', '--reason', 'again')).toMatchObject({ version: 3, enabled: true });
  fs.writeFileSync(file, JSON.stringify({ ...rule, definition: { ...rule.definition, threshold: '60' } }));
  expect(await json('dry-run', '--rule', file)).toMatchObject({
    found: 2,
    foundByPresent: 3,
    foundByBoth: 2,
    onlyPresent: [{ facts: { amount: '50' } }],
  });
  expect((await coffer('dry-run', '--rule', 'small')).stdout).toMatch(
    /The tested rule has 3 findings, the current one 3; they share 3\.\n$/,
  );
  await json('add', file, '--reason', 'fewer');
  expect(await json('show', 'small')).toMatchObject({
    items: [{ version: 4, reason: 'fewer' }, { version: 3 }, { version: 2 }, { version: 1, reason: 'to see' }],
  });
});

test('a dry run reports how far it read; interrupted, it prints its findings so far, and that it stopped early', async () => {
  const whole = await coffer('dry-run', '--rule', 'withdrawal-amount');
  expect([whole.code, whole.stdout]).toEqual([
    0,
    expect.stringMatching(/^5 events read, recorded from 2.*Z to 2.*Z\.\nThe tested rule has 1 findings, the current one 1;/),
  ]);
  const later = await coffer('dry-run', '--rule', 'withdrawal-amount', '--since', '2999-01-01T00:00:00Z');
  expect(later.stdout).toMatch(/^0 events read\./);

  // A lock on the rules blocks it.
  const blocker = await log.owner.connect();
  await blocker.query('begin; lock table insights.fraud_rule_version');
  const env = { PATH: process.env['PATH'], COFFER_HOME: home, DATABASE_URL: log.url };
  const child = spawn(process.execPath, [launcher, 'fraud', 'dry-run', '--rule', 'withdrawal-amount'], { env });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  const ended = once(child, 'close');
  const waits = async () =>
    (
      await log.owner.query(
        `select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`,
      )
    ).rowCount;
  await vi.waitFor(async () => expect(await waits()).toBeGreaterThan(0), { timeout: 120_000 });
  child.kill('SIGINT');
  // Long enough for the signal to arrive.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await blocker.query('rollback');
  blocker.release();
  expect(await ended).toEqual([130, null]);
  expect(output).toMatch(/^Ended early\. 0 events read\.\n/);
});

test('a file without "enabled" leaves the rule enabled or disabled', async () => {
  const definition = { threshold: '70', movements: ['withdrawal'], assets: 'all' };
  const rule = { id: 'resting', name: 'Resting', kind: 'amount', definition, action: 'flag' };
  fs.writeFileSync(file, JSON.stringify(rule));
  expect(await json('add', file, '--reason', 'new')).toMatchObject({ version: 1, enabled: true });
  await json('disable', 'resting', '--reason', 'too noisy');
  fs.writeFileSync(file, JSON.stringify({ ...rule, definition: { ...definition, threshold: '71' } }));
  expect(await json('add', file, '--reason', 'less noisy')).toMatchObject({ version: 3, enabled: false });
  fs.writeFileSync(file, JSON.stringify({ ...rule, enabled: true }));
  expect(await json('add', file, '--reason', 'back')).toMatchObject({ version: 4, enabled: true });
  fs.writeFileSync(file, JSON.stringify({ ...rule, enabled: null }));
  expect((await coffer('add', file, '--reason', 'r')).stderr).toContain('enabled must be true or false');
});

test('mistakes are reported in one sentence', async () => {
  fs.writeFileSync(file, '{"id": "x", "kind": "amount", "name": "x", "action": "flag", "definition": {"threshold": 5}}');
  expect((await coffer('add', file, '--reason', 'r')).stderr).toContain('definition.threshold: minimum amount');
  fs.writeFileSync(file, '{"id": "x", "command": "rm"}');
  expect((await coffer('add', file, '--reason', 'r')).stderr).toContain('unknown field "command"');
  expect(await coffer('add', '/nowhere', '--reason', 'r')).toMatchObject({
    code: 1,
    stderr: '/nowhere is not a readable JSON file.\nSee "coffer fraud add --help" for the format.\n',
  });
  expect(JSON.parse((await coffer('add', '/nowhere', '--reason', 'r', '--json')).stderr)).toMatchObject({
    error: '/nowhere is not a readable JSON file.',
  });
  const nowhere = { threshold: '5', movements: ['withdrawal'], assets: [99] };
  fs.writeFileSync(file, JSON.stringify({ id: 'x', name: 'x', action: 'flag', kind: 'amount', definition: nowhere }));
  const tried = await coffer('dry-run', '--rule', file);
  expect([tried.code, tried.stderr]).toEqual([1, expect.stringContaining('there is no asset 99. The assets are 1 (GOLD)')]);
  expect((await coffer('add', file, '--reason', 'r')).stderr).toBe(tried.stderr);
  for (const [text, why] of [
    ['{"id":'.repeat(40) + '1' + '}'.repeat(40), 'nested deeper than 32 levels'],
    [' '.repeat(70_000), 'larger than 65536 bytes'],
  ] as const) {
    fs.writeFileSync(file, text);
    expect((await coffer('add', file, '--reason', 'r')).stderr).toContain(why);
  }
  const backwards = await coffer(
    'dry-run',
    '--rule',
    'withdrawal-amount',
    '--since',
    '2026-01-02T00:00:00Z',
    '--until',
    '2026-01-01T00:00:00Z',
  );
  expect(backwards.stderr).toContain('The time range is empty.');
  const unknown = await coffer('disable', 'nothing', '--reason', 'r');
  expect([unknown.code, unknown.stderr.includes('There is no such rule')]).toEqual([1, true]);
});
