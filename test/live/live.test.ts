// Live events over HTTP: in order, each once, across reconnects; only for callers that may see them, and only while they may.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assert, newId } from '../../packages/coffer/src/kernel/index.ts';
import { person, service } from '../access/world.ts';
import { startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { rounds } from '../support/rounds.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { readLive } from './reader.ts';
import type { LiveReader, Told } from './reader.ts';

const reconnects = rounds(50, 15);
let coffer: TestProduct;
const readers: LiveReader[] = [];

beforeAll(async () => {
  coffer = await startProduct({ live: { recheckMs: 100, heartbeatMs: 50, perCallerMax: 60 } }, { mode: 'required' });
});
afterEach(() => readers.splice(0).forEach((reader) => reader.cut()));
afterAll(() => coffer.stop());

async function open(path: string, headers: Record<string, string>): Promise<LiveReader> {
  const reader = await readLive(`${coffer.url}${path}`, headers);
  readers.push(reader);
  return reader;
}
const watching = async () => ({ authorization: await service(coffer.product, ['events:read']) });

let posted = 0;
async function deposit(wallets: readonly string[], into: TestProduct = coffer): Promise<void> {
  await Promise.all(wallets.map((wallet) => into.product.commands.deposit({ wallet, amount: 5n, key: `live-${posted++}` })));
}

/** The ids of the log after a cursor. */
async function logIds(after: string | undefined, from: TestProduct = coffer): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = after; ;) {
    const { items, next } = await from.product.queries.events(500, cursor);
    if (items.length === 0) return ids;
    ids.push(...items.map(({ id }) => id));
    cursor = next ?? undefined;
  }
}

/** Expects the same events, each once, and in order per book. */
function expectSame(told: readonly Told[], expected: readonly string[]): void {
  expect(told.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
  const last = new Map<string, [number, number]>();
  for (const { id } of told) {
    const [book = '', seq, part] = id.split('-');
    const place: [number, number] = [Number(seq), Number(part)];
    const before = last.get(book) ?? [0, 0];
    expect(place[0] > before[0] || (place[0] === before[0] && place[1] > before[1])).toBe(true);
    last.set(book, place);
  }
}

describe('a live stream', () => {
  test('begins at the end of the log, sends each event once, and forbids caching and buffering', async () => {
    await deposit([newId()]);
    const reader = await open('/events/live', await watching());
    expect([reader.status, reader.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    for (const [name, value] of [
      ['cache-control', 'no-store, no-transform'],
      ['x-accel-buffering', 'no'],
      ['x-content-type-options', 'nosniff'],
    ] as const)
      expect(reader.headers.get(name)).toBe(value);
    await expect.poll(reader.lastId).toBeDefined();
    const begin = reader.lastId();
    expect(reader.raw()).toMatch(/^retry: 2000\n\n/);
    await deposit(Array.from({ length: 20 }, newId));
    const expected = await logIds(begin);
    expect(expected).toHaveLength(40);
    await expect.poll(() => reader.told.length).toBe(40);
    expectSame(reader.told, expected);
    const { body } = await coffer.call('GET', `/events?limit=500&cursor=${begin ?? ''}`, undefined, await watching());
    const shown = (body['items'] as Told[]).find(({ id }) => id === reader.told[0]?.id);
    expect(reader.told[0]).toEqual({ ...shown, cursor: reader.told[0]?.cursor });
  });

  test('resumes from Last-Event-ID, which takes precedence over ?after, and from a cursor of GET /events', async () => {
    const headers = await watching();
    const first = await open('/events/live', headers);
    await expect.poll(first.lastId).toBeDefined();
    const begin = first.lastId() ?? '';
    await deposit(Array.from({ length: 5 }, newId));
    await expect.poll(() => first.told.length).toBe(10);
    const middle = first.told[4]?.cursor ?? '';
    const second = await open(`/events/live?after=${begin}`, { ...headers, 'last-event-id': middle });
    const third = await open(`/events/live?after=${begin}`, headers);
    await expect.poll(() => [second.told.length, third.told.length]).toEqual([5, 10]);
    expectSame(third.told, await logIds(begin));
    for (const place of ['nonsense', '1', '1-1-1', '-1-1'])
      expect((await open('/events/live', { ...headers, 'last-event-id': place })).status).toBe(400);
  });

  test('rejects a cursor beyond the end of the log, as GET /events does: the events in between would be missed', async () => {
    const headers = await watching();
    const wallet = newId();
    await deposit([wallet]);
    const end = (await logIds(undefined)).at(-1)?.split('-')[1];
    const [atEnd, after] = [`${end}-9999`, `${Number(end) + 1}-1`];
    for (const path of ['/events/live', `/wallet/${wallet}/events/live`]) {
      expect((await open(path, { ...headers, 'last-event-id': atEnd })).status).toBe(200);
      expect((await open(path, { ...headers, 'last-event-id': after })).status).toBe(400);
      expect((await open(`${path}?after=${after}`, headers)).status).toBe(400);
    }
    expect(await coffer.call('GET', `/events?cursor=${atEnd}`, undefined, headers)).toMatchObject({ status: 200, body: { items: [] } });
    const refused = await coffer.call('GET', `/events?cursor=${after}`, undefined, headers);
    expect([refused.status, refused.body['code']]).toEqual([400, 'invalid_request']);
    expect(refused.body['detail']).toMatch(/beyond the end of the log.*from the beginning: 0-0\.$/);
  });

  test('sends only events of the requested types', async () => {
    const reader = await open('/events/live?types=FundsDeposited,FundsWithdrawn', await watching());
    await expect.poll(reader.lastId).toBeDefined();
    await deposit([newId(), newId()]);
    await expect.poll(() => reader.told.map(({ type }) => type)).toEqual(['FundsDeposited', 'FundsDeposited']);
    for (const wrong of [';drop', 'FundsDeposted', 'FundsDeposited,constructor'])
      expect((await open(`/events/live?types=${wrong}`, await watching())).status).toBe(400);
  });

  test('rejects unknown event types, here and for webhooks', async () => {
    expect((await open('/events/live?types=FundsDeposited,FundsDepositd', await watching())).status).toBe(400);
    const authorization = await service(coffer.product, ['webhooks:manage', 'events:read']);
    const url = 'https://93.184.215.14/hooks';
    const refused = await coffer.call('POST', '/webhooks', { url, types: ['FundsDeposited', 'FundsDepositd'] }, { authorization });
    expect([refused.status, refused.body['code']]).toEqual([400, 'invalid_request']);
    expect(refused.body['detail']).toContain('Unknown event type FundsDepositd');
    const made = await coffer.call('POST', '/webhooks', { url, types: ['FundsDeposited'] }, { authorization });
    const { id } = made.body['webhook'] as { id: string };
    expect((await coffer.call('PATCH', `/webhooks/${id}`, { types: ['toString'] }, { authorization })).status).toBe(400);
    expect((await coffer.call('PATCH', `/webhooks/${id}`, { types: ['ToString'] }, { authorization })).status).toBe(400);
    expect((await coffer.call('PATCH', `/webhooks/${id}`, { types: ['*'] }, { authorization })).status).toBe(200);
  });

  test(`sends every event once and in order across ${reconnects} reconnects under load`, async () => {
    const random = randomFrom(seedOf('live streams cut'));
    const several = await startProduct({ live: { bufferBytes: 4_096 } }, { books: 3 });
    const resume = async (place?: string) => await readLive(`${several.url}/events/live`, place ? { 'last-event-id': place } : {});
    const first = await resume();
    await expect.poll(first.lastId).toBeDefined();
    const begin = first.lastId() ?? '';
    first.cut();
    let isPouring = true;
    const pouring = (async () => {
      const wallets = Array.from({ length: 20 }, newId);
      while (isPouring) await deposit(wallets.slice(0, 1 + Math.floor(random() * 19)), several);
    })();
    const told: Told[] = [];
    let place = begin;
    for (let cut = 0; cut < reconnects; cut++) {
      const reader = await resume(place);
      await new Promise((resolve) => setTimeout(resolve, random() * 40));
      reader.cut();
      await reader.hasEnded();
      told.push(...reader.told);
      place = reader.lastId() ?? place;
    }
    isPouring = false;
    await pouring;
    const expected = await logIds(begin, several);
    const last = await resume(place);
    await expect.poll(() => told.length + last.told.length).toBe(expected.length);
    expectSame([...told, ...last.told], expected);
    console.info(`live streams cut: ${reconnects} times, ${expected.length} events, ${told.length} of them before the last stream`);
    last.cut();
    await several.stop();
  });
});

describe('access to a live stream', () => {
  test('a user reads only their own wallets; a wallet without activity sends no events', async () => {
    const owner = await person(coffer.product, `owner-${newId()}`, 'user');
    const other = await person(coffer.product, `other-${newId()}`, 'user');
    const [own, foreign] = [`${owner.user.id}.USD`, `${other.user.id}.USD`];
    await deposit([own, foreign]);
    const headers = { authorization: owner.authorization };
    expect((await open('/events/live', headers)).status).toBe(403);
    const hidden = await open(`/wallet/${foreign}/events/live`, headers);
    const absent = await open(`/wallet/nobodys/events/live`, headers);
    await Promise.all([hidden.hasEnded(), absent.hasEnded()]);
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect(hidden.raw().replaceAll(foreign, '…')).toBe(absent.raw().replaceAll('nobodys', '…'));

    const reader = await open(`/wallet/${own}/events/live`, headers);
    await expect.poll(reader.lastId).toBeDefined();
    const before = reader.raw().replaceAll(':\n\n', '');
    await deposit([foreign, ...Array.from({ length: 10 }, newId)]);
    // After some heartbeats there is still nothing else.
    const beats = reader.raw().length;
    await expect.poll(() => reader.raw().length).toBeGreaterThan(beats + 12);
    expect(reader.raw().replaceAll(':\n\n', '')).toBe(before);
    await deposit([own]);
    await expect.poll(() => reader.told.map(({ walletId }) => walletId)).toEqual([own]);
  });

  test('a recipient sees the credit but not its key; no user sees who decided', async () => {
    const recipient = await person(coffer.product, `recipient-${newId()}`, 'user');
    const wallet = `${recipient.user.id}.USD`;
    const payer = newId();
    await deposit([payer, wallet]);
    const reader = await open(`/wallet/${wallet}/events/live`, { authorization: recipient.authorization });
    await expect.poll(reader.lastId).toBeDefined();
    const admin = { authorization: (await person(coffer.product, `admin-${newId()}`, 'admin')).authorization };
    await coffer.call('POST', `/wallet/${payer}/transfer`, { toWalletId: wallet, amount: 1, requestId: 'a-secret-key' }, admin);
    await coffer.call('POST', `/wallet/${wallet}/freeze`, { reason: 'looked into' }, admin);
    await expect.poll(() => reader.told.map(({ type }) => type)).toEqual(['TransferCredited', 'WalletFrozen']);
    expect(reader.raw()).not.toContain('a-secret-key');
    expect(reader.raw()).not.toContain('operator:');
    expect(reader.raw()).toContain('looked into');
  });

  test('it ends when the key, the session or the role is revoked, or the user is deleted or suspended', async () => {
    const made = await coffer.product.apiKeys.create({ name: 'live', scopes: ['events:read'], createdBy: 'cli' });
    assert('secret' in made, 'the key is made');
    const byKey = await open('/events/live', { authorization: `Bearer ${made.secret}` });
    const operator = await person(coffer.product, `operator-${newId()}`, 'operator');
    const byRole = await open('/events/live', { authorization: operator.authorization });
    const leaver = await person(coffer.product, `leaver-${newId()}`, 'user');
    const byUser = await open(`/wallet/${leaver.user.id}.USD/events/live`, { authorization: leaver.authorization });
    const suspect = await person(coffer.product, `suspect-${newId()}`, 'user');
    const bySuspect = await open(`/wallet/${suspect.user.id}.USD/events/live`, { authorization: suspect.authorization });
    const loggedOut = await person(coffer.product, `logged-out-${newId()}`, 'user');
    const bySession = await open(`/wallet/${loggedOut.user.id}.USD/events/live`, { authorization: loggedOut.authorization });
    expect([byKey.status, byRole.status, byUser.status, bySuspect.status, bySession.status]).toEqual([200, 200, 200, 200, 200]);
    const decision = { actor: 'cli', byUser: null, aboutStaff: true, reason: 'reported as stolen' };
    await coffer.product.users.suspend(suspect.user.id, decision);
    const { authorization } = loggedOut;
    expect((await coffer.call('POST', '/auth/logout', undefined, { authorization })).body).toEqual({ ended: 1 });
    expect((await coffer.call('GET', '/auth/sessions', undefined, { authorization })).status).toBe(401);
    await coffer.product.apiKeys.revoke(made.key.id);
    await coffer.product.users.setRole(operator.user.id, 'user', 'cli');
    await coffer.pool.query('update identity.users set deleted_at = now() where id = $1', [leaver.user.id]);
    await Promise.all([byKey, byRole, byUser, bySuspect, bySession].map((stream) => stream.hasEnded()));
    expect((await open('/events/live', { authorization: `Bearer ${made.secret}` })).status).toBe(401);
  });

  test('the number per caller is limited, and a slot is free again when one ends', async () => {
    const headers = await watching();
    const opened = await Promise.all(Array.from({ length: 60 }, () => open('/events/live', headers)));
    expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([200]));
    const more = await open('/events/live', headers);
    expect([more.status, more.headers.get('retry-after')]).toEqual([429, '10']);
    expect((await open('/events/live', await watching())).status).toBe(200);
    opened[0]?.cut();
    await expect.poll(async () => (await open('/events/live', headers)).status).toBe(200);
  });
});

test('users share the streams of their address, and cannot take those reserved for staff and keys', async () => {
  const conditions = { mode: 'required' } as const;
  const small = await startProduct({ live: { streamsMax: 4, reserved: 1, perAddressMax: 2 } }, conditions);
  const crowded = await startProduct({ live: { streamsMax: 4, reserved: 2 } }, conditions);
  const openOn = async (product: TestProduct, name: string): Promise<LiveReader> => {
    const { user, authorization } = await person(product.product, name, 'user');
    const reader = await readLive(`${product.url}/wallet/${user.id}.USD/events/live`, { authorization });
    readers.push(reader);
    return reader;
  };
  const statuses = async (product: TestProduct, names: readonly string[]) => {
    const found: number[] = [];
    for (const name of names) found.push((await openOn(product, name)).status);
    return found;
  };
  try {
    expect(await statuses(small, ['ann', 'ben', 'cleo'])).toEqual([200, 200, 429]);
    expect(await statuses(crowded, ['ann', 'ben', 'cleo'])).toEqual([200, 200, 503]);
    for (const status of [200, 200, 503]) {
      const authorization = await service(crowded.product, ['events:read']);
      const reader = await readLive(`${crowded.url}/events/live`, { authorization });
      readers.push(reader);
      expect(reader.status).toBe(status);
    }
  } finally {
    for (const product of [small, crowded]) await product.stop();
  }
});

test('a server that stops ends its streams immediately', async () => {
  const short = await startProduct();
  const reader = await readLive(`${short.url}/events/live`);
  await expect.poll(reader.lastId).toBeDefined();
  await Promise.all([short.stop(), reader.hasEnded()]);
  expect(reader.status).toBe(200);
});
