import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endWithTest } from '../../../../test/support/children.ts';
import { until } from '../../../../test/support/until.ts';
import { temporaryHome } from '../../../../test/support/server.ts';
import { freePort } from '../../../../test/support/ports.ts';

const printsWithinMs = 100_000;
let home: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  home = temporaryHome();
  env = {
    PATH: process.env['PATH'],
    COFFER_HOME: home,
    PORT: String(await freePort()),
    USER_SERVICE_URL: `127.0.0.1:${await freePort()}`,
    WALLET_SERVICE_URL: `127.0.0.1:${await freePort()}`,
  };
});
afterAll(async () => {
  await coffer(['reset', '--yes']).ended;
  fs.rmSync(home, { recursive: true, force: true });
});

/** Runs the command line as a user does; `waitFor` resolves when it has written the text. */
function coffer(args: string[], settings: NodeJS.ProcessEnv = {}) {
  const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithTest(child);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      output[stream] += chunk.toString();
    });
  }
  return {
    child,
    ended: once(child, 'close').then(([code]: unknown[]) => ({ ...output, code })),
    async waitFor(text: string): Promise<void> {
      await until(() => output.stdout.includes(text), {
        what: `"coffer ${args.join(' ')}" to print "${text}"`,
        seen: () => `it has printed:\n${output.stdout}${output.stderr}`,
        withinMs: printsWithinMs,
      });
    },
  };
}

test('all invalid settings are reported together, without a stack trace', async () => {
  const { code, stderr } = await coffer(['start'], { PORT: 'x', LOG_LEVEL: 'loud' }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/PORT is "x".*\n.*LOG_LEVEL is "loud"/);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('with --json, a command prints JSON and nothing else on standard output', async () => {
  const { code, stdout } = await coffer(['migrate', '--json']).ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ applied: expect.any(Array) as unknown });
});

test.each([
  [
    ['requests', 'list', '--limit', '0', '--json'],
    "option '--limit <number>' argument '0' is invalid. Give a whole number from 1 to 500.",
    'coffer requests list',
  ],
  [['fraud', 'enable', 'x', '--json'], "required option '--reason <text>' not specified", 'coffer fraud enable'],
  [['nothing', '--json'], "unknown command 'nothing'", 'coffer'],
])('reports usage errors as JSON with --json: coffer %j', async (args, error, name) => {
  const { code, stdout, stderr } = await coffer(args).ended;
  expect([code, stdout]).toEqual([1, '']);
  expect(JSON.parse(stderr)).toEqual({ error, remedy: `Run "${name} --help" for usage.` });
});

test('a usage error names the help of its command', async () => {
  const { code, stdout, stderr } = await coffer(['requests', 'list', '--limit', '0']).ended;
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^error: option '--limit <number>' argument '0' is invalid\.[^]*\nRun "coffer requests list --help" for usage\.\n$/,
  );
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops everything cleanly', async (signal) => {
  const running = coffer(['start']);
  await running.waitFor('Coffer is running');
  running.child.kill(signal);
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Stopped');
  expect(fs.existsSync(path.join(home, 'postgres/data/postmaster.pid'))).toBe(false);
});

test('while a copy is running, a second one and reset are refused, and migrate works', async () => {
  const running = coffer(['start']);
  await running.waitFor('Coffer is running');
  try {
    const ports = {
      PORT: String(await freePort()),
      USER_SERVICE_URL: `127.0.0.1:${await freePort()}`,
      WALLET_SERVICE_URL: `127.0.0.1:${await freePort()}`,
    };
    const [second, reset, migrate] = await Promise.all([
      coffer(['start'], ports).ended,
      coffer(['reset', '--yes']).ended,
      coffer(['migrate']).ended,
    ]);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('is running on') as unknown });
    expect(reset).toMatchObject({ code: 1, stderr: expect.stringContaining('is running on') as unknown });
    expect(migrate).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') as unknown });
  } finally {
    running.child.kill('SIGTERM');
    await running.ended;
  }
});

test('while the PostgreSQL of a running copy does not respond, another command waits, and neither stops nor moves it', async () => {
  const running = coffer(['start']);
  await running.waitFor('Coffer is running');
  const lockFile = path.join(home, 'postgres/data/postmaster.pid');
  const before = fs.readFileSync(lockFile, 'utf8').split('\n');
  const postmaster = Number(before[0]);
  try {
    process.kill(postmaster, 'SIGSTOP');
    const [projections, second] = [coffer(['projections']), coffer(['start'], { PORT: String(await freePort()) })];
    await sleep(8_000);
    expect(projections.child.exitCode).toBeNull();
    process.kill(postmaster, 'SIGCONT');
    expect(await projections.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('stats') as unknown });
    expect((await second.ended).code).toBe(1);
    const after = fs.readFileSync(lockFile, 'utf8').split('\n');
    expect([after[0], after[3]]).toEqual([before[0], before[3]]);
    expect((await fetch(`http://127.0.0.1:${env['PORT']}/health`)).status).toBe(200);
  } finally {
    process.kill(postmaster, 'SIGCONT');
    running.child.kill('SIGTERM');
    await running.ended;
  }
});

test('errors for an unknown command and an unknown service list the valid ones', async () => {
  const unknown = await coffer(['strat']).ended;
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('coffer --help') as unknown });
  const service = await coffer(['start', 'walets']).ended;
  expect(service).toMatchObject({ code: 1, stderr: expect.stringContaining('users, wallets, api') as unknown });
});
