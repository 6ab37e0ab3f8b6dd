/** Coffer and its client as an ordinary user installs them: from their tarballs, in an empty folder, with npm. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { endOf, outputOf, runCommand, runToSuccess, userEnvironment } from '../support/command.ts';
import type { Ended } from '../support/command.ts';
import { until, within } from '../support/until.ts';
import { freePort } from '../support/ports.ts';

const root = path.resolve(import.meta.dirname, '../..');
const packedWithinMs = 120_000;
const installedWithinMs = 300_000;
const startsWithinMs = 120_000;
const stopsWithinMs = 60_000;

type Packed = { name: string; filename: string; files: { path: string; size: number }[] };
let folder: string;
let packed: Packed[];
let app: string;
let installed: Ended;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-installed-'));
  // As root, PostgreSQL runs as another user, which needs access to the folder.
  fs.chmodSync(folder, 0o711);
  const workspaces = ['coffer', 'coffer-client', 'coffer-proto'].flatMap((name) => ['--workspace', name]);
  // npm 11 prints a list, later versions an object keyed by name.
  const answer = await runToSuccess('npm', ['pack', '--json', '--pack-destination', folder, ...workspaces], {
    cwd: root,
    withinMs: packedWithinMs,
  });
  packed = Object.values(JSON.parse(answer.slice(answer.search(/^[[{]/m))) as Record<string, Packed>);
  app = path.join(folder, 'app');
  fs.mkdirSync(app);
  const tarballs = ['coffer', 'coffer-client'].map((name) => path.join(folder, packedAs(name).filename));
  installed = await runCommand('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], {
    cwd: app,
    withinMs: installedWithinMs,
  });
}, packedWithinMs + installedWithinMs);

afterAll(async () => {
  // As root, the data may be outside of the folder.
  await runCommand('npx', ['--no', 'coffer', 'reset', '--yes'], { cwd: app, withinMs: stopsWithinMs });
  fs.rmSync(folder, { recursive: true, force: true });
}, 2 * stopsWithinMs);

test('the tarballs contain only runtime files: no sources, tests, secrets or data', () => {
  expect(packed.map(({ name }) => name).toSorted()).toEqual(['coffer', 'coffer-client', 'coffer-proto']);
  for (const { name, files } of packed) {
    const paths = files.map((file) => file.path);
    expect(paths).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']));
    const unwanted = /(?<!\.d)\.ts$|test|\.coffer\/|\.env|\.(pem|key|log|tgz|map)$|secret(?!s?\.js$)|node_modules|tsconfig/;
    expect(paths.filter((file) => unwanted.test(file)).map((file) => `${name}: ${file}`)).toEqual([]);
  }
  const contracts = ['ledger.proto', 'user.proto', 'wallet.proto'];
  expect(pathsOf('coffer')).toEqual(expect.arrayContaining(['bin/coffer.mjs', ...contracts.map((file) => `proto/${file}`)]));
  expect(pathsOf('coffer-proto').filter((file) => file.endsWith('.proto'))).toEqual(contracts);
  expect(pathsOf('coffer-client')).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts']));
  const sql = fs.readdirSync(path.join(root, 'packages/coffer/database'), { recursive: true, encoding: 'utf8' });
  const shipped = sql.filter((file) => file.endsWith('.sql')).map((file) => `dist/coffer/database/${file}`);
  expect(pathsOf('coffer')).toEqual(expect.arrayContaining(shipped));
});

test('the client has no dependencies, and Coffer installs no optional packages', () => {
  const folders = fs.readdirSync(path.join(app, 'node_modules'));
  expect(manifestOf('coffer-client')).not.toHaveProperty('dependencies');
  expect(Object.keys(manifestOf('coffer')['peerDependenciesMeta'] as object)).toContain('rabbitmq-client');
  for (const name of ['rabbitmq-client', 'ioredis', 'nodemailer', '@simplewebauthn']) expect(folders).not.toContain(name);
  expect(manifestOf('coffer')['scripts']).not.toHaveProperty('postinstall');
});

test('the install prints no warning about an old Node', () => {
  expect(installed.stderr).not.toContain('EBADENGINE');
  expect(installed.code).toBe(0);
});

test('an older Node prints which version is required', { timeout: 60_000 }, async () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.1.0' } })`;
  const launcher = path.join(app, 'node_modules/coffer/bin/coffer.mjs');
  const args = ['--import', `data:text/javascript,${encodeURIComponent(older)}`, launcher, 'start'];
  expect(await runCommand('node', args, { cwd: app, withinMs: 30_000 })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'Coffer needs Node 24.7 or newer; this is Node 22.1.0.\nInstall a newer one from https://nodejs.org.\n',
  });
});

test('it starts with npx, accepts a transfer from the installed client, and stops on Ctrl-C', { timeout: 240_000 }, async () => {
  const ports = await freePorts();
  const coffer = start(ports);
  const ended = endOf(coffer.child);
  await until(async () => (await fetch(`${ports.url}/health`).catch(() => null))?.status === 200, {
    what: `Coffer to answer on ${ports.url}/health`,
    seen: () => `it has printed:\n${coffer.output.all()}`,
    withinMs: startsWithinMs,
  });
  expect(fs.readdirSync(app)).toContain('.coffer');

  fs.writeFileSync(
    path.join(app, 'transfer.mjs'),
    `import { Coffer } from 'coffer-client';
     const coffer = new Coffer({ url: ${JSON.stringify(ports.url)} });
     await coffer.deposit({ walletId: 'jane', amount: 800, key: 'first' });
     await coffer.openWallet({ id: 'shop' });
     const { balance, to } = await coffer.transfer({ walletId: 'jane', toWalletId: 'shop', amount: 300, key: 'second' });
     console.log(balance, to.balance);`,
  );
  expect(await runToSuccess('node', ['transfer.mjs'], { cwd: app, withinMs: 30_000 })).toBe('500 300\n');

  // Like Ctrl-C: to npx and all its children.
  process.kill(-(coffer.child.pid ?? 0), 'SIGINT');
  // npx ends by the signal; its output is complete only once Coffer has ended too.
  await within(ended, { what: 'Coffer to stop', seen: () => `it has printed:\n${coffer.output.all()}`, withinMs: stopsWithinMs });
  expect(coffer.output.stdout().trim().split('\n').at(-1)).toContain('"msg":"Stopped"');
  expect(coffer.output.stderr()).toBe('');
  await expect(fetch(`${ports.url}/health`)).rejects.toThrow('fetch failed');
});

test.each([
  ['RABBITMQ_URL', 'amqp://127.0.0.1:1', 'rabbitmq-client'],
  ['REDIS_URL', 'redis://127.0.0.1:1', 'ioredis'],
  ['SMTP_URL', 'smtp://127.0.0.1:1', 'nodemailer'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1', '@opentelemetry/exporter-trace-otlp-http'],
])('%s without its package aborts the start and prints the install command', { timeout: 240_000 }, async (setting, value, name) => {
  const ports = await freePorts();
  const mail = { COFFER_MAIL_FROM: setting === 'SMTP_URL' ? 'coffer@example.com' : '' };
  const { child, output } = start(ports, { [setting]: value, ...mail });
  const code = await within(endOf(child), {
    what: 'the start to be refused',
    seen: () => `it has printed:\n${output.all()}`,
    withinMs: startsWithinMs,
  });
  expect(output.stderr()).toMatch(new RegExp(`${setting}.* is set, but ${name}.* not installed\\.`));
  expect(output.stderr()).toMatch(new RegExp(`Run "npm install ${name}@\\d+\\.\\d+\\.\\d+.*", or unset ${setting}`));
  expect(code).toBe(1);
});

test('TypeScript accepts the types of the installed client', { timeout: 60_000 }, async () => {
  fs.writeFileSync(
    path.join(app, 'typed.mts'),
    `import { Coffer } from 'coffer-client';
     const coffer = new Coffer({ url: 'http://127.0.0.1:3000' });
     export const balance: Promise<string> = coffer.transfer({ walletId: 'a', toWalletId: 'b', amount: 1n }).then((done) => done.balance);
     // A missing field is a type error, so the types are not "any".
     export const wrong: { missing: true } = await coffer.deposit({ walletId: 'a', amount: 1 });`,
  );
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', 'typed.mts'];
  const { stdout } = await runCommand('node', args, { cwd: app, withinMs: 50_000 });
  expect(stdout.split('\n').filter((line) => line.includes('error'))).toEqual([
    expect.stringMatching(/^typed\.mts\(5,\d+\): error TS2\d+/),
  ]);
});

type Ports = { readonly url: string; readonly env: NodeJS.ProcessEnv };

async function freePorts(): Promise<Ports> {
  const [http, users, wallets] = [await freePort(), await freePort(), await freePort()];
  const env = { PORT: String(http), USER_SERVICE_URL: `127.0.0.1:${users}`, WALLET_SERVICE_URL: `127.0.0.1:${wallets}` };
  return { url: `http://127.0.0.1:${http}`, env };
}

/** In a separate process group, as a terminal starts a command. */
function start(ports: Ports, env: NodeJS.ProcessEnv = {}) {
  const child: ChildProcess = spawn('npx', ['--no', 'coffer', 'start'], {
    cwd: app,
    env: userEnvironment({ ...ports.env, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // Leaves no process of the group, whatever the outcome of the test.
  onTestFinished(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // The whole group has ended.
    }
  });
  return { child, output: outputOf(child) };
}

function packedAs(name: string): Packed {
  const found = packed.find((each) => each.name === name);
  if (!found) throw new Error(`npm pack did not pack ${name}`);
  return found;
}

function pathsOf(name: string): string[] {
  return packedAs(name).files.map((file) => file.path);
}

function manifestOf(name: string): Record<string, unknown> {
  return JSON.parse(fs.readFileSync(path.join(app, 'node_modules', name, 'package.json'), 'utf8')) as Record<string, unknown>;
}
