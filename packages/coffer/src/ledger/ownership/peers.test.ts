/** Two ends of a connection between processes, over real sockets. */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../kernel/index.ts';
import { LedgerBehind, LedgerHalted, LedgerOverloaded, LedgerUnavailable, NotOwner } from '../posting/outages.ts';
import type { PreparedOperation } from '../rules/decision.ts';
import type { Outcome } from '../rules/types.ts';
import { PeerClient } from './peer-client.ts';
import type { PeerClientOptions } from './peer-client.ts';
import { PeerServer } from './peer-server.ts';
import type { PeerServerOptions } from './peer-server.ts';

const secret = Buffer.alloc(32, 7);
const ledger = '4f0c7c0e-58a5-4c0b-8a55-f0d1a2b3c4d5';
const prepared = { operation: { kind: 'hold', key: 'k', wallet: 'w', amount: 2n ** 100n }, digest: 'ab', name: 'w/k' } as PreparedOperation;

const toStop: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of toStop.splice(0).toReversed()) await one.stop();
});

async function serve(options: Partial<PeerServerOptions> = {}): Promise<PeerServer> {
  const server = await PeerServer.listen({
    listen: { host: '127.0.0.1', port: 0 },
    secret,
    ledger,
    log: silentLog(),
    post: () => Promise.reject(new NotOwner(false)),
    credential: () => ({ process: 'owner', key: Buffer.from('of the owner') }),
    isKnown: () => Promise.resolve(true),
    status: () => [],
    asked: () => undefined,
    ...options,
  });
  toStop.push(server);
  return server;
}

type Ended = { readonly isRefused: boolean; readonly reason: string };

function connect(
  port: number,
  options: Partial<PeerClientOptions> = {},
): { client: PeerClient; opened: Promise<void>; ended: Promise<Ended> } {
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Ended>();
  const client = new PeerClient({
    credential: () => ({ process: 'self', key: Buffer.from('of this one') }),
    isKnown: () => Promise.resolve(true),
    owner: { id: 'owner', address: `127.0.0.1:${port}`, owns: 'share' },
    secret,
    ledger,
    ...options,
    opened: opened.resolve,
    told: () => undefined,
    closed: (isRefused, reason) => ended.resolve({ isRefused, reason }),
  });
  toStop.push({ stop: () => client.close() });
  return { client, opened: opened.promise, ended: ended.promise };
}

describe('a connection', () => {
  test('carries operations and outcomes as they are, bigints and dates included, each answer to its request', async () => {
    const recordedAt = new Date(1_700_000_000_123);
    const { port } = await serve({
      post: async (book, operations, linked, patienceMs) => {
        // The first is answered last.
        if (book === 1) await new Promise((resolve) => setTimeout(resolve, 20));
        return [{ book, operations, linked, patienceMs, recordedAt }] as unknown as Outcome[];
      },
    });
    const { client, opened } = connect(port);
    await opened;
    const answers = await Promise.all([client.post(1, [prepared], true, 500), client.post(2, [prepared, prepared], false, 600)]);
    expect(answers).toEqual([
      [{ book: 1, operations: [prepared], linked: true, patienceMs: 500, recordedAt }],
      [{ book: 2, operations: [prepared, prepared], linked: false, patienceMs: 600, recordedAt }],
    ]);
  });

  test.each([
    [new NotOwner(true), NotOwner, { isSent: true }],
    [new NotOwner(false), NotOwner, { isSent: false }],
    [new LedgerUnavailable('unknown'), LedgerUnavailable, { outcome: 'unknown' }],
    [new LedgerUnavailable('not_done'), LedgerUnavailable, { outcome: 'not_done' }],
    [new LedgerOverloaded(), LedgerOverloaded, {}],
    [new LedgerBehind(), LedgerBehind, {}],
    [new LedgerHalted(new Error('a bug')), LedgerHalted, {}],
    [new TypeError('x is undefined'), Error, { message: 'The owner of the book failed: x is undefined' }],
  ])('carries the failure %s', async (failure, type, facts) => {
    const { port } = await serve({ post: () => Promise.reject(failure) });
    const { client, opened } = connect(port);
    await opened;
    const caught: unknown = await client.post(1, [prepared], false, 500).catch((reason: unknown) => reason);
    expect(caught).toBeInstanceOf(type);
    expect(caught).toMatchObject(facts);
  });

  test('that breaks leaves the outcome of what was sent open, and that of what was not sent clear', async () => {
    const server = await serve({ post: () => new Promise(() => undefined) });
    const { client, opened, ended } = connect(server.port);
    await opened;
    const sent = client.post(1, [prepared], false, 500).catch((reason: unknown) => reason);
    client.close();
    await ended;
    expect(await sent).toMatchObject({ name: 'NotOwner', isSent: true });
    await expect(client.post(1, [prepared], false, 500)).rejects.toMatchObject({ name: 'NotOwner', isSent: false });
  });
});

describe('a stranger', () => {
  test('that does not know the secret of the database is refused before a byte of it is read', async () => {
    const { port } = await serve({ post: () => Promise.reject(new Error('was asked')) });
    const { client, ended } = connect(port, { secret: Buffer.alloc(32, 8) });
    expect((await ended).isRefused).toBe(false);
    expect(client.isOpen).toBe(false);
  });

  test('that serves another ledger is refused', async () => {
    const { port } = await serve();
    const { client, ended } = connect(port, { ledger: '00000000-0000-0000-0000-000000000000' });
    expect((await ended).reason).toContain('another ledger');
    expect(client.isOpen).toBe(false);
  });

  test('that works on a copy of the database is refused: its key is not in this one', async () => {
    const { port } = await serve({ isKnown: () => Promise.resolve(false) });
    const { client, ended } = connect(port);
    await ended;
    expect(client.isOpen).toBe(false);
  });

  test('that works on a copy of the database and took the address of an owner gets no operations', async () => {
    const { port } = await serve();
    const { client, ended } = connect(port, { isKnown: () => Promise.resolve(false) });
    expect((await ended).reason).toContain('copy');
    expect(client.isOpen).toBe(false);
  });

  test('that knows only the secret cannot make the owner keep a long message', async () => {
    const { port } = await serve();
    const { client, ended } = connect(port, { credential: () => ({ process: 'x'.repeat(5_000), key: Buffer.from('none') }) });
    await ended;
    expect(client.isOpen).toBe(false);
  });

  test('that sends anything else is disconnected', async () => {
    const { port } = await serve();
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });
});

test('an address at which nothing listens is told apart from one that does not answer', async () => {
  const server = await serve();
  const { port } = server;
  toStop.splice(0);
  await server.stop();
  expect((await connect(port).ended).isRefused).toBe(true);
});

test('a port that is taken is refused with the setting that names it', async () => {
  const { port } = await serve();
  await expect(serve({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    name: 'OperatorError',
    message: expect.stringContaining(`127.0.0.1:${port}`) as unknown,
    remedy: expect.stringContaining('COFFER_OWNER_LISTEN') as unknown,
  });
});
