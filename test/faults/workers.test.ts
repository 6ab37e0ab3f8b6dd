/** `COFFER_WORKERS`: several processes serve the same ports, own the books together, and are one Coffer to callers and operators. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { outsider } from '../grpc/outsider.ts';
import { endWithTest } from '../support/children.ts';
import { startCofferProcess } from '../support/coffer-process.ts';
import type { CofferProcess } from '../support/coffer-process.ts';
import { userEnvironment } from '../support/command.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { pause } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const root = path.resolve(import.meta.dirname, '../..');

let database: TestDatabase;
let coffer: CofferProcess | null = null;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-workers-'));
});
afterEach(async () => {
  if (coffer && !coffer.hasEnded) await coffer.end('SIGKILL');
  coffer = null;
  // The worker processes end with their supervisor.
  await untilLeft(0);
  await database.drop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Two worker processes, four books; resolves when both serve. */
async function start(env: Record<string, string> = {}): Promise<CofferProcess> {
  const all = { COFFER_WORKERS: '2', COFFER_BOOKS: '4', LOG_LEVEL: 'info', COFFER_LOG_FOLDER: folder, ...env };
  const started = await startCofferProcess(database.url, all);
  coffer = started;
  await untilHealthy(started);
  return started;
}

async function untilHealthy({ api }: CofferProcess): Promise<void> {
  let seen = '';
  const isWhole = async () => {
    seen = await fetch(`${api}/health`, { headers: { connection: 'close' } }).then(
      (answer) => answer.text(),
      (failure: unknown) => String(failure),
    );
    return seen.includes('2 of 2 worker processes');
  };
  await until(isWhole, { what: 'both worker processes to serve', seen: () => seen, everyMs: 50 });
}

async function untilLeft(connections: number): Promise<void> {
  let seen = -1;
  const few = async () => {
    const { rows } = await database.pool.query<{ left: number }>(
      `select count(*)::int as left from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'coffer test'`,
    );
    seen = rows[0]?.left ?? -1;
    return seen <= connections;
  };
  await until(few, { what: 'all processes to leave the database', seen: () => `${seen} connections`, everyMs: 50 });
}

async function call(api: string, method: string, url: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> {
  // A connection each: any worker process may take it.
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const answer = await fetch(`${api}${url}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** The newest process id of each worker process, by its number. */
function workerPids(): Map<number, number> {
  const lines = fs.readFileSync(path.join(folder, 'api.log'), 'utf8').trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as { worker?: number; pid: number; msg: string });
  return new Map(
    parsed.flatMap(({ worker, pid, msg }) => (worker !== undefined && msg === 'This worker process serves' ? [[worker, pid]] : [])),
  );
}

/** Samples of a metric whose line matches, by process. */
async function samples(api: string, pattern: RegExp): Promise<Map<string, number>> {
  const text = await (await fetch(`${api}/metrics`)).text();
  const found = text.split('\n').filter((line) => pattern.test(line));
  return new Map(found.map((line) => [/process="([^"]+)"/.exec(line)?.[1] ?? '', Number(line.slice(line.lastIndexOf(' ')))]));
}

const sum = (values: ReadonlyMap<string, number>) => [...values.values()].reduce((total, value) => total + value, 0);

async function owners(): Promise<number> {
  const { rows } = await database.pool.query<{ owners: number }>(
    'select count(distinct process)::int as owners from ownership.lease where process is not null',
  );
  return rows[0]?.owners ?? 0;
}

it('both worker processes answer over HTTP and gRPC, own books, and report their metrics as one', async () => {
  const wallets = `127.0.0.1:${await freePort()}`;
  const users = `127.0.0.1:${await freePort()}`;
  const product = await start({ WALLET_SERVICE_URL: wallets, USER_SERVICE_URL: users });
  const { api } = product;
  let seen = 0;
  await until(async () => (seen = await owners()) === 2, { what: 'two owners of books', seen: () => `${seen}`, everyMs: 50 });

  for (let wallet = 1; wallet <= 20; wallet++)
    expect((await call(api, 'POST', `/wallet/w${wallet}/deposit`, { amount: 100, requestId: `d${wallet}` })).status).toBe(201);
  for (let wallet = 2; wallet <= 20; wallet++) {
    const transfer = { toWalletId: 'w1', amount: 40, requestId: `t${wallet}` };
    expect((await call(api, 'POST', `/wallet/w${wallet}/transfer`, transfer)).status).toBe(201);
  }
  expect((await call(api, 'GET', '/wallet/w1')).body).toMatchObject({ balance: String(100 + 19 * 40) });

  const [userService, walletService] = [
    outsider(users, 'user.proto', 'user.UserService'),
    outsider(wallets, 'wallet.proto', 'wallet.WalletService'),
  ];
  const created = await userService.call('CreateUser', { email: 'jane@example.com', name: 'Jane' });
  const user = created.message?.['id'] ?? '';
  for (let credit = 1; credit <= 10; credit++)
    expect(await walletService.call('CreditWallet', { user_id: user, amount: '7' })).toMatchObject({ status: 0 });
  expect((await walletService.call('GetWallet', { user_id: user })).message).toMatchObject({ balance: '70' });
  userService.close();
  walletService.close();

  const requests = () => samples(api, /^coffer_http_request_duration_seconds_count\{.*route="\/wallet\/:id\/deposit"/);
  await expect.poll(async () => sum(await requests())).toBe(20);
  const answered = () => samples(api, /^coffer_http_request_duration_seconds_count\{.*route="\/health"/);
  await expect
    .poll(async () => {
      await call(api, 'GET', '/health');
      return [...(await answered()).keys()];
    })
    .toEqual(['worker 1', 'worker 2']);
  // Counted where the book is owned; a credit is a deposit, too.
  const posted = await samples(api, /^coffer_operations_total\{.*kind="deposit".*outcome="posted"/);
  expect(sum(posted)).toBe(30);
  expect([...posted.values()].filter((count) => count > 0)).toHaveLength(2);
  expect(sum(await samples(api, /^coffer_book_owned\{.*book="1"/))).toBe(1);
  expect([...(await samples(api, /^coffer_build_info/)).keys()]).toEqual(['background', 'worker 1', 'worker 2']);

  expect(await product.end('SIGTERM')).toBe(0);
  // Given back, not run out.
  expect(await owners()).toBe(0);
  expect((await database.pool.query('select from ownership.process')).rowCount).toBe(0);
  expect((await verify(database.pool)).invariants.filter(({ ok }) => !ok)).toEqual([]);
});

it('limits count across the worker processes', async () => {
  const { api } = await start({ COFFER_RATE_LIMIT: '30' });
  const statuses: number[] = [];
  for (let request = 0; request < 45; request++) statuses.push((await call(api, 'GET', '/wallet/none')).status);
  expect(statuses.filter((status) => status === 429)).toHaveLength(15);
});

it('a worker process that is killed under load is replaced, and no operation is lost or doubled', async () => {
  const product = await start();
  const { api } = product;
  const amount = 3;
  let answered = 0;
  let isLoading = true;
  /** Asks again under the same key until there is an answer, as callers should. */
  const caller = async (name: string): Promise<number> => {
    let done = 0;
    for (; isLoading; done++) {
      const body = { amount, requestId: `${name} ${done}` };
      for (let status = 0; status !== 201;) {
        status = await call(api, 'POST', `/wallet/${name}/deposit`, body).then(
          (answer) => answer.status,
          () => 0,
        );
        if (status !== 201) await pause(20);
      }
      answered++;
    }
    return done;
  };
  const names = Array.from({ length: 12 }, (_, at) => `c${at}`);
  const calling = names.map((name) => caller(name));
  for (const number of [1, 2, 1]) {
    const before = answered;
    await until(() => answered > before + 100, { what: 'answers under load', seen: () => `${answered - before}` });
    const pid = workerPids().get(number);
    if (pid === undefined) throw new Error(`worker ${number} is not in the log`);
    process.kill(pid, 'SIGKILL');
    await until(() => workerPids().get(number) !== pid, { what: 'a successor', seen: () => 'none', everyMs: 50 });
    await untilHealthy(product);
  }
  isLoading = false;
  const done = await Promise.all(calling);
  for (const [at, name] of names.entries())
    expect((await call(api, 'GET', `/wallet/${name}`)).body).toMatchObject({ balance: String((done[at] ?? 0) * amount) });
  expect(await product.end('SIGTERM')).toBe(0);
  expect((await verify(database.pool)).invariants.filter(({ ok }) => !ok)).toEqual([]);
}, 300_000);

it('a worker process that hangs is killed and replaced', async () => {
  const product = await start();
  const pid = workerPids().get(2);
  if (pid === undefined) throw new Error('worker 2 is not in the log');
  process.kill(pid, 'SIGSTOP');
  await until(() => workerPids().get(2) !== pid, { what: 'a successor', seen: () => 'none', everyMs: 50 });
  await untilHealthy(product);
  expect(await product.end('SIGTERM')).toBe(0);
}, 300_000);

it('a worker process that cannot start ends the start', async () => {
  const port = await freePort();
  // The second takes operations on the next port.
  const taken = net.createServer().listen(port + 1, '127.0.0.1');
  await once(taken, 'listening');
  const env = userEnvironment({
    DATABASE_URL: database.url,
    COFFER_HOME: folder,
    COFFER_WORKERS: '2',
    COFFER_OWNER_LISTEN: `127.0.0.1:${port}`,
    PORT: String(await freePort()),
    USER_SERVICE_URL: `127.0.0.1:${await freePort()}`,
    WALLET_SERVICE_URL: `127.0.0.1:${await freePort()}`,
  });
  const child = spawn(process.execPath, ['packages/coffer/bin/coffer.mjs', 'start'], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithTest(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'exit')) as [number | null];
  taken.close();
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringMatching(/COFFER_OWNER_LISTEN[\s\S]*A worker process ended while it started/) as unknown,
  });
});
