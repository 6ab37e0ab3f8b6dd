// The client follows live events of a real server: each once, across cut connections, until it is stopped.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Coffer } from '../../packages/client/src/index.ts';
import type { LiveEvent } from '../../packages/client/src/index.ts';
import { pauseBefore } from '../../packages/client/src/live.ts';
import { assert, newId } from '../../packages/coffer/src/kernel/index.ts';
import { person, service } from '../access/world.ts';
import { startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { startCuttingProxy, startProxy } from '../support/proxy.ts';
import { rounds } from '../support/rounds.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until, within } from '../support/until.ts';

const live = { recheckMs: 50, heartbeatMs: 50, retryMs: 5, perCallerMax: 2 };
let product: TestProduct;
let guarded: TestProduct;
beforeAll(async () => {
  product = await startProduct({ live }, { books: 3 });
  guarded = await startProduct({ live }, { mode: 'required' });
});
afterAll(async () => {
  await product.stop();
  await guarded.stop();
});

let posted = 0;
async function deposit(wallets: readonly string[], into: TestProduct = product): Promise<void> {
  await Promise.all(wallets.map((wallet) => into.product.commands.deposit({ wallet, amount: 5n, key: `sdk-live-${posted++}` })));
}

/** The cursor at the end of the log. */
async function end(from: TestProduct = product): Promise<string> {
  let place: string | null = null;
  for (;;) {
    const { next, items } = await from.product.queries.events(500, place ?? undefined);
    if (items.length === 0) return place ?? '';
    place = next;
  }
}

async function idsAfter(place: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined = place; ;) {
    const { items, next } = await product.product.queries.events(500, cursor);
    if (items.length === 0) return ids;
    ids.push(...items.map(({ id }) => id));
    cursor = next ?? undefined;
  }
}

/** Follows until it is stopped. `ended` resolves to "ended" or to the thrown error. */
function following(events: AsyncIterable<LiveEvent>): { readonly told: LiveEvent[]; readonly ended: () => Promise<unknown> } {
  const told: LiveEvent[] = [];
  const read = async () => {
    for await (const event of events) told.push(event);
    return 'ended';
  };
  const reading = read().catch((failure: unknown) => failure);
  const seen = () => `it goes on; ${told.length} events came, the last of them ${told.at(-1)?.id ?? 'none'}`;
  return { told, ended: () => within(reading, { what: 'the client to stop following', seen }) };
}

const cuts = rounds(60, 20);
test(`a connection cut ${cuts} times in the middle of frames while events pour in: none is lost, none comes twice`, async () => {
  const random = randomFrom(seedOf('client of live events cut'));
  const proxy = await startCuttingProxy(product.url, (connection) => (connection > cuts ? null : 700 + Math.floor(random() * 6_000)));
  const begin = await end();
  const stop = new AbortController();
  const { told, ended } = following(new Coffer({ url: proxy.url }).liveEvents({ after: begin, signal: stop.signal }));
  const wallets = Array.from({ length: 20 }, newId);
  const isCut = async () => {
    await deposit(wallets.slice(0, 1 + Math.floor(random() * 19)));
    return proxy.cuts >= cuts;
  };
  await until(isCut, {
    what: `${cuts} cuts`,
    seen: () => `${proxy.cuts} were made, and ${told.length} events came`,
    everyMs: 0,
    withinMs: 240_000,
  });
  const expected = await idsAfter(begin);
  await expect.poll(() => told.length).toBeGreaterThanOrEqual(expected.length);
  stop.abort();
  expect(await ended()).toBe('ended');
  expect(told.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
  for (const [, ofBook] of Map.groupBy(told, ({ id }) => id.split('-')[0])) {
    const places = ofBook.map(({ seq, part }) => seq * 10_000 + part);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  }
  await proxy.stop();
  console.info(`client of live events: ${cuts} cuts, ${expected.length} events, each told once`);
});

test('a connection cut before the first event resumes at its start, and each event carries the cursor to resume from', async () => {
  const proxy = await startCuttingProxy(product.url, (connection) => (connection === 1 ? 2_000 : null));
  const address = new URL(proxy.url);
  const begun = new AbortController();
  const fetched: (string | null)[] = [];
  const coffer = new Coffer({
    url: address.href,
    fetch: async (url, init) => {
      fetched.push(new Headers(init.headers).get('last-event-id'));
      // Events occur while it is disconnected.
      if (fetched.length === 2) await deposit(['while-away']);
      return await fetch(url, init);
    },
  });
  const { told, ended } = following(coffer.liveEvents({ signal: begun.signal }));
  // Heartbeats use up the bytes.
  await expect.poll(() => told.length).toBe(2);
  begun.abort();
  expect(await ended()).toBe('ended');
  expect([fetched[0], fetched.length > 1 && fetched[1]]).toEqual([null, expect.stringMatching(/^\d+-\d+/)]);
  expect(told.map(({ type, walletId }) => [type, walletId])).toEqual([
    ['WalletCreated', 'while-away'],
    ['FundsDeposited', 'while-away'],
  ]);
  for await (const event of new Coffer({ url: product.url }).liveEvents({ after: told[0]?.cursor })) {
    expect(event.id).toBe(told[1]?.id);
    break;
  }
  await proxy.stop();
});

describe('the events', () => {
  test('have the requested types and wallet, and are typed by type', async () => {
    const [one, other] = [newId(), newId()];
    await deposit([one, other, one]);
    const coffer = new Coffer({ url: product.url });
    const stop = new AbortController();
    const amounts: string[] = [];
    for await (const event of coffer.liveEvents({
      wallet: one,
      types: ['FundsDeposited', 'FundsWithdrawn'],
      after: '0-0.0-0.0-0',
      signal: stop.signal,
    })) {
      if (event.type === 'FundsDeposited') amounts.push(event.data.balance);
      expect(event.walletId).toBe(one);
      if (amounts.length === 2) stop.abort();
    }
    expect(amounts).toEqual(['5', '10']);
  });

  test('are those of their own wallet for a user', async () => {
    const owner = await person(guarded.product, `owner-${newId()}`, 'user');
    const wallet = `${owner.user.id}.USD`;
    await deposit([wallet], guarded);
    const coffer = new Coffer({ url: guarded.url, token: owner.authorization.slice('Bearer '.length) });
    for await (const event of coffer.liveEvents({ wallet, types: ['FundsDeposited'], after: '0-0' })) {
      expect(event).toMatchObject({ walletId: wallet, data: { balance: '5' } });
      break;
    }
    const refused = { status: 403, code: 'forbidden' };
    expect(await following(coffer.liveEvents()).ended()).toMatchObject(refused);
  });
});

describe('it ends', () => {
  test('immediately when it is aborted: while idle, while the server is away, and before it began', async () => {
    const quiet = new AbortController();
    const waiting = following(new Coffer({ url: product.url }).liveEvents({ wallet: 'while-away', signal: quiet.signal }));
    const away = new AbortController();
    let asked = 0;
    const nowhere = new Coffer({
      url: 'http://127.0.0.1:1',
      pauseMs: 600_000,
      fetch: async (...given) => (asked++, await fetch(...given)),
    });
    const unanswered = following(nowhere.liveEvents({ signal: away.signal }));
    await expect.poll(() => asked).toBe(1);
    quiet.abort();
    away.abort();
    expect(await Promise.all([waiting.ended(), unanswered.ended()])).toEqual(['ended', 'ended']);
    expect(await following(nowhere.liveEvents({ signal: AbortSignal.abort() })).ended()).toBe('ended');
    expect(asked).toBe(1);
  });

  test('with its connection: a reader that stops frees its slot', async () => {
    const token = (await service(guarded.product, ['events:read'])).slice('Bearer '.length);
    const coffer = new Coffer({ url: guarded.url, token });
    await deposit([newId()], guarded);
    for (let round = 0; round < 3 * live.perCallerMax; round++) {
      for await (const event of coffer.liveEvents({ after: '0-0' })) {
        expect(event.seq).toBeGreaterThan(0);
        break;
      }
    }
  });

  test('when access is denied or revoked, or when the wallet is missing', async () => {
    const made = await guarded.product.apiKeys.create({ name: 'live', scopes: ['events:read'], createdBy: 'cli' });
    assert('secret' in made, 'the key is made');
    const coffer = new Coffer({ url: guarded.url, token: made.secret });
    await deposit([newId()], guarded);
    const reading = following(coffer.liveEvents({ after: '0-0' }));
    await expect.poll(() => reading.told.length).toBeGreaterThan(0);
    await guarded.product.apiKeys.revoke(made.key.id);
    expect(await reading.ended()).toMatchObject({ name: 'CofferRefused', status: 401 });
    const open = new Coffer({ url: product.url });
    expect(await following(open.liveEvents({ wallet: 'nobodys' })).ended()).toMatchObject({ status: 404, code: 'wallet_not_found' });
    expect(await following(open.liveEvents({ after: 'nonsense' })).ended()).toMatchObject({ status: 400 });
    const page = new Coffer({
      fetch: async () => await Promise.resolve(new Response('<html>', { headers: { 'content-type': 'text/html' } })),
    });
    expect(await following(page.liveEvents()).ended()).toMatchObject({ name: 'CofferUnavailable' });
  });

  test('when no retry can help: an invalid or redirecting address, a token that cannot be sent', async () => {
    for (const url of ['', 'not an address', 'localhost:3000', 'ftp://127.0.0.1', '//127.0.0.1', 'http://me:secret@127.0.0.1:3000'])
      expect(() => new Coffer({ url })).toThrow(/^The url is not a URL of Coffer[^:]*http:\/\/127\.0\.0\.1:3000/);
    for (const token of ['cof_1\n', 'cof_€']) {
      const coffer = new Coffer({ url: product.url, token });
      expect(await following(coffer.liveEvents()).ended()).toMatchObject({
        name: 'TypeError',
        message: expect.stringMatching(/token/) as string,
      });
      await expect(coffer.deposit({ walletId: newId(), amount: 1 })).rejects.toThrow(TypeError);
    }
    const elsewhere = createServer((_request, response) => void response.writeHead(302, { location: product.url }).end());
    await new Promise<void>((listening) => elsewhere.listen(0, '127.0.0.1', listening));
    const { port } = elsewhere.address() as AddressInfo;
    const moved = new Coffer({ url: `http://127.0.0.1:${port}` });
    expect(await following(moved.liveEvents()).ended()).toMatchObject({ name: 'CofferUnavailable', outcome: 'not_done' });
    elsewhere.closeAllConnections();
    elsewhere.close();
  });
});

describe('a temporary failure is retried', () => {
  test('a silent connection without heartbeats', async () => {
    const { hostname, port } = new URL(product.url);
    const proxy = await startProxy({ host: hostname, port: Number(port) });
    let connections = 0;
    const url = `http://127.0.0.1:${proxy.address.port}`;
    const coffer = new Coffer({ url, fetch: async (...given) => (connections++, await fetch(...given)) });
    const stop = new AbortController();
    const begin = await end();
    const { told, ended } = following(coffer.liveEvents({ after: begin, signal: stop.signal, silenceMs: 500 }));
    await deposit(['silent']);
    await expect.poll(() => told.length).toBe(2);
    proxy.holdAnswers();
    await deposit(['silent']);
    await expect.poll(() => connections).toBeGreaterThan(1);
    // The held-back bytes belong to abandoned connections.
    proxy.heal();
    await expect.poll(() => told.length).toBe(3);
    stop.abort();
    expect(await ended()).toBe('ended');
    expect(told.map(({ id }) => id)).toEqual(await idsAfter(begin));
    await proxy.stop();
  });

  test('a server that is overloaded, behind a broken gateway, or unreachable', async () => {
    const answers = [
      async () => await Promise.reject(new TypeError('fetch failed')),
      async () => await Promise.resolve(new Response('bad gateway', { status: 502 })),
      async () => await Promise.resolve(new Response('{}', { status: 429, headers: { 'retry-after': '0' } })),
    ];
    await deposit(['passes']);
    const coffer = new Coffer({
      url: product.url,
      pauseMs: 1,
      fetch: async (...given) => await (answers.shift() ?? (async () => await fetch(...given)))(),
    });
    for await (const { walletId } of coffer.liveEvents({ wallet: 'passes', after: '0-0.0-0.0-0' })) {
      expect(walletId).toBe('passes');
      break;
    }
    expect(answers).toEqual([]);
  });

  test('after at least the delay of the server, doubling each time up to half a minute, with jitter', () => {
    expect([0, 1, 2, 3, 4, 20].map((failures) => pauseBefore(failures, 2_000, 0, 0))).toEqual([
      2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    expect([pauseBefore(0, 2_000, 0, 1), pauseBefore(3, 60_000, 0, 0), pauseBefore(0, 2_000, 10_000, 0)]).toEqual([3_000, 60_000, 10_000]);
    // A delay beyond the range of a timer would fire immediately, and no delay would be a hot loop.
    expect([pauseBefore(0, 2_000, 10 ** 12, 0), pauseBefore(10, 0, 0, 0)]).toEqual([3_600_000, 1_024]);
  });
});
