// Access to Coffer, tested from the command line: modes, keys, roles, TLS.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endWithTest } from '../../../../test/support/children.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { freePort } from '../../../../test/support/ports.ts';
import { temporaryHome } from '../../../../test/support/server.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
const certFile = path.resolve(import.meta.dirname, '../../../../test/support/tls/cert.pem');
const keyFile = path.resolve(import.meta.dirname, '../../../../test/support/tls/key.pem');
const cert = fs.readFileSync(certFile, 'utf8');
const ports = { http: 0, users: 0, wallets: 0 };

let database: TestDatabase;
let home: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  database = await createTestDatabase();
  home = temporaryHome();
  for (const name of ['http', 'users', 'wallets'] as const) ports[name] = await freePort();
  env = {
    PATH: process.env['PATH'],
    COFFER_HOME: home,
    DATABASE_URL: database.url,
    PORT: String(ports.http),
    USER_SERVICE_URL: `127.0.0.1:${ports.users}`,
    WALLET_SERVICE_URL: `127.0.0.1:${ports.wallets}`,
  };
});
afterAll(async () => {
  await database.drop();
  fs.rmSync(home, { recursive: true, force: true });
});

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function coffer(args: string[], settings: NodeJS.ProcessEnv = {}): Promise<Run> {
  return await promisify(execFile)(process.execPath, [launcher, ...args], { env: { ...env, ...settings } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await coffer([...args, '--json']);
  expect([code, stderr.includes('error')]).toEqual([0, false]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function running(settings: NodeJS.ProcessEnv, args: string[] = []) {
  const child = spawn(process.execPath, [launcher, 'start', ...args], { env: { ...env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
  endWithTest(child);
  const ended = once(child, 'close');
  let output = '';
  await new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Coffer is running.')) resolve();
      });
    child.once('close', () => resolve());
  });
  return {
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: IncomingHttpHeaders };

/** A request that trusts the test's certificate, for any host name. */
async function call(method: string, target: string, body?: object, authorization?: string): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(authorization !== undefined && { authorization }) };
    const options = { host: '127.0.0.1', port: ports.http, path: target, method, headers, ca: cert, checkServerIdentity: () => undefined };
    const request = https.request(options, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += String(chunk);
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text) as Answer['body'] }),
      );
    });
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

describe('the mode', () => {
  test.each([
    [{ HOST: '0.0.0.0' }, 'HOST is 0.0.0.0'],
    [{ WALLET_SERVICE_URL: '0.0.0.0:50052' }, 'WALLET_SERVICE_URL is 0.0.0.0'],
  ])('with %j, a start in open mode is refused, with the remedy', async (settings, sentence) => {
    const { code, stderr } = await coffer(['start'], { ...settings, COFFER_AUTH: 'open' });
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain('COFFER_AUTH=required');
  });

  test('open mode is logged as a warning', async () => {
    const open = await running({});
    await open.stop();
    expect(open.output()).toContain('OPEN MODE: no credentials are required');
  });

  test('a certificate that is invalid or has no key is refused before anything starts', async () => {
    expect(await coffer(['start'], { COFFER_TLS_CERT: certFile })).toMatchObject({ code: 1 });
    const none = await coffer(['start'], { COFFER_TLS_CERT: path.join(home, 'none.pem'), COFFER_TLS_KEY: keyFile });
    expect(none.stderr).toContain('COFFER_TLS_CERT is');
    const swapped = await coffer(['start'], { COFFER_TLS_CERT: keyFile, COFFER_TLS_KEY: certFile });
    expect(swapped.stderr).toContain('cannot be used together');
  });
});

/** In order: each goes on where the one before ended. */
describe('in required mode, over TLS', () => {
  const jane = { email: 'jane@example.com', password: 'correct horse battery staple' };
  let server: Awaited<ReturnType<typeof running>>;
  let me: string;
  let id: string;
  beforeAll(async () => {
    server = await running({ COFFER_AUTH: 'required', COFFER_TLS_CERT: certFile, COFFER_TLS_KEY: keyFile });
  });
  afterAll(async () => {
    await server.stop();
  });

  test('sign-up reaches the wallets service, and users log in', async () => {
    expect(await call('POST', '/users/signup', { ...jane, name: 'Jane' })).toMatchObject({ status: 201 });
    expect((await call('POST', '/users/login', jane)).body).toMatchObject({ code: 'email_unproved' });
    const proof = await json('users', 'link', jane.email, '--purpose', 'proof');
    expect(proof).toMatchObject({ link: null, token: expect.stringMatching(/^cofl_/) as string });
    expect(await call('POST', '/users/proofs/confirm', { token: proof['token'] })).toMatchObject({ status: 200 });
    const login = await call('POST', '/users/login', jane);
    expect(login.headers).toMatchObject({ 'cache-control': 'no-store', 'strict-transport-security': 'max-age=31536000' });
    expect((await call('GET', '/')).body['documentation']).toBeNull();
    me = `Bearer ${String(login.body['token'])}`;
    expect((await call('GET', '/wallet', undefined, me)).body['items']).toHaveLength(1);
    expect(await call('GET', '/wallet')).toMatchObject({ status: 401 });
    expect(await call('GET', '/users', undefined, me)).toMatchObject({ status: 403 });
  });

  test('a suspension, the end of sessions and another role take effect at once', async () => {
    const found = await json('users', 'show', 'JANE@example.com');
    id = String(found['id']);
    expect(found).toMatchObject({ email: jane.email, role: 'user', wallets: 1 });
    const asked = (await coffer(['users', 'role', id, 'operator'])).stderr;
    expect(asked).toMatch(
      /jane@example.com \(address proved on .*, with a link that an operator printed\)\nid .*, created today, 1 wallet, now a user\./,
    );
    expect(asked).toContain('This would make them an operator.');
    const suspended = await json('users', 'suspend', id, '--reason', 'reported as stolen');
    expect(suspended).toMatchObject({ suspendedAt: expect.any(String) as string });
    await expect.poll(async () => (await call('GET', '/wallet', undefined, me)).status).toBe(401);
    await json('users', 'reinstate', id, '--reason', 'the owner called');
    me = `Bearer ${String((await call('POST', '/users/login', jane)).body['token'])}`;
    for (const command of ['end-sessions', 'reset-factors']) {
      await json('users', command, id, '--reason', 'lost the phone');
      await expect.poll(async () => (await call('GET', '/wallet', undefined, me)).status).toBe(401);
      me = `Bearer ${String((await call('POST', '/users/login', jane)).body['token'])}`;
    }
    expect(await json('users', 'role', id, 'operator', '--yes')).toMatchObject({ email: jane.email, role: 'operator' });
    await expect.poll(async () => (await call('GET', '/users', undefined, me)).status).toBe(200);
  });

  test('each command is audited, and linked to what it changed', async () => {
    const { rows } = await database.pool.query(
      "select url, actor, body::json -> 'arguments' as given from audit.request where transport = 'cli' order by id",
    );
    expect(rows).toEqual([
      { url: 'users link', actor: 'cli', given: [jane.email] },
      { url: 'users suspend', actor: 'cli', given: [id] },
      { url: 'users reinstate', actor: 'cli', given: [id] },
      { url: 'users end-sessions', actor: 'cli', given: [id] },
      { url: 'users reset-factors', actor: 'cli', given: [id] },
      { url: 'users role', actor: 'cli', given: [id, 'operator'] },
    ]);

    const changes = await database.pool.query(
      `select c.kind, c.actor, c.request_id = r.request_id as linked from audit.change c
       join audit.request r on r.transport = 'cli' and r.request_id = c.request_id order by c.id`,
    );
    const actor = expect.stringMatching(/^cli:./) as string;
    expect(changes.rows).toEqual(
      ['users.link_made', 'users.suspended', 'users.reinstated', 'users.sessions_ended', 'users.factors_reset', 'users.role'].map(
        (kind) => ({ kind, actor, linked: true }),
      ),
    );
  });

  test('the chain of the audit is verified, also against shipped checkpoints', async () => {
    expect(await json('audit', 'verify')).toMatchObject({ ok: true, violations: [] });
    const printed = (await coffer(['checkpoint'])).stdout;
    const shipped = path.join(home, 'shipped.jsonl');
    fs.writeFileSync(shipped, printed);
    expect(await json('audit', 'verify', '--checkpoints', shipped)).toMatchObject({ ok: true });
    fs.writeFileSync(
      shipped,
      printed.replace(/("audit":"change","id":\d+,"hash":")./, (_all, start: string) => `${start}x`),
    );
    expect((await coffer(['audit', 'verify', '--checkpoints', shipped])).code).toBe(1);
  });

  test('a key is made, rotated, listed without its secret, and revoked', async () => {
    const made = await json('keys', 'create', 'billing', '--scopes', 'wallets:read,users:read', '--expires-in-days', '30');
    const { id: keyId } = made['key'] as { id: string };
    const key = `Bearer ${String(made['secret'])}`;
    expect(key).toMatch(/^Bearer cof_[a-z0-9]{16}_[A-Za-z0-9_-]{43}$/);
    expect(await call('GET', '/users', undefined, key)).toMatchObject({ status: 200 });
    const rotated = await json('keys', 'rotate', keyId, '--overlap-hours', '1');
    expect(await call('GET', '/users', undefined, `Bearer ${String(rotated['secret'])}`)).toMatchObject({ status: 200 });
    const listed = await json('keys', 'list');
    expect(listed['items']).toMatchObject([{ id: keyId, name: 'billing', scopes: ['wallets:read', 'users:read'], revokedAt: null }]);
    expect(JSON.stringify(listed)).not.toContain(String(made['secret']).slice(21));
    expect(await json('keys', 'revoke', keyId)).toMatchObject({ id: keyId });
    await expect.poll(async () => (await call('GET', '/users', undefined, key)).status).toBe(401);
    expect((await coffer(['keys', 'revoke', keyId])).stderr).toContain('There is no such key');
    expect((await coffer(['keys', 'create', 'x', '--scopes', 'money:all'])).stderr).toContain('Unknown scope money:all');
  });

  test('what is unknown is refused, and so is a call without TLS', async () => {
    expect((await coffer(['users', 'role', jane.email, 'admin', '--yes'])).stderr).toContain('There is no user "jane@example.com"');
    expect(server.output()).not.toMatch(/OPEN MODE|DeprecationWarning/);

    expect(await grpcStatus(credentials.createSsl(Buffer.from(cert), null, null, { checkServerIdentity: () => undefined }))).toBe(
      status.UNAUTHENTICATED,
    );
    expect(await grpcStatus(credentials.createInsecure())).toBe(status.UNAVAILABLE);
  });
});

test('users are invited, get passwords, are found and deleted at the command line', async () => {
  const settings = { COFFER_AUTH: 'required', COFFER_PUBLIC_URL: 'https://pay.example.com/coffer/' };
  const server = await running({ ...settings, COFFER_TLS_CERT: certFile, COFFER_TLS_KEY: keyFile });
  try {
    const invited = await coffer(['users', 'invite', 'joe@example.com'], settings);
    const token = /^https:\/\/pay\.example\.com\/coffer\/account\/invitation\?token=(cofl_\S+)$/m.exec(invited.stdout)?.[1];
    const accepting = { token, name: 'Joe', password: 'correct horse battery staple' };
    const made = await call('POST', '/users/invitations/accept', accepting);
    expect(made).toMatchObject({ status: 201, body: { email: 'joe@example.com' } });
    const id = String(made.body['id']);
    expect(await json('users', 'find', 'JOE@example.com')).toMatchObject({ id, wallets: 1 });
    expect((await coffer(['users', 'role', id, 'admin'], settings)).stderr).toContain('This would make them an admin.');

    expect((await withInput(['users', 'password', id], 'short\n')).stderr).toContain('A password has at least 12 characters.');
    expect((await withInput(['users', 'password', id], 'another good long password\n')).stdout).toContain('has a new password');
    const login = { email: 'joe@example.com', password: 'another good long password' };
    const token2 = `Bearer ${String((await call('POST', '/users/login', login)).body['token'])}`;
    expect((await call('GET', '/users/me', undefined, token2)).status).toBe(200);

    const key = await json('keys', 'create', 'payer', '--scopes', 'money:deposit');
    const funded = await call('POST', `/wallet/${id}.USD/deposit`, { amount: 7 }, `Bearer ${String(key['secret'])}`);
    expect(funded.status).toBe(201);
    const asked = ['users', 'delete', id, '--reason', 'asked to be forgotten'];
    expect((await coffer(asked)).stderr).toContain('This would close the wallets and delete the user.');
    expect((await coffer([...asked, '--yes'])).stderr).toContain('has a balance of 7');
    expect(await json(...asked, '--yes', '--sweep-to', 'breakage')).toMatchObject({ id });
    await expect.poll(async () => (await call('GET', '/users/me', undefined, token2)).status).toBe(401);
    expect((await coffer(['users', 'show', id])).stderr).toContain('There is no user');
    const { rows } = await database.pool.query('select kind, reason, actor from identity.user_change where user_id = $1 order by id', [id]);
    expect(rows).toEqual([
      { kind: 'password_set', reason: null, actor: 'cli' },
      { kind: 'deleted', reason: 'asked to be forgotten', actor: 'cli' },
    ]);
    // The running server goes on posting after another process has.
    const other = await call('POST', '/wallet/w9/deposit', { amount: 1 }, `Bearer ${String(key['secret'])}`);
    expect(other.status).toBe(201);
  } finally {
    await server.stop();
  }
});

/** A command that reads its standard input. */
async function withInput(args: string[], input: string): Promise<Run> {
  const running = promisify(execFile)(process.execPath, [launcher, ...args], { env });
  running.child.stdin?.end(input);
  return await running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

async function grpcStatus(channel: ReturnType<typeof credentials.createInsecure>): Promise<status | undefined> {
  const client = new Client(`127.0.0.1:${ports.wallets}`, channel);
  try {
    return await new Promise((resolve) =>
      client.makeUnaryRequest(
        '/wallet.WalletService/GetWallet',
        () => Buffer.alloc(0),
        () => null,
        {},
        { deadline: Date.now() + 30_000 },
        (error) => resolve(error?.code),
      ),
    );
  } finally {
    client.close();
  }
}
