// Finding over REST: parameters, pages, and what each caller may see.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findProjection } from '../../packages/coffer/src/find/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { Projector } from '../../packages/coffer/src/projections/index.ts';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { startProduct } from './product.ts';
import type { Answer, TestProduct } from './product.ts';

let coffer: TestProduct;
let projector: Projector;
let alice: Person;
let bob: Person;
let staff: Person;

type Found = { items: Record<string, unknown>[]; next: string | null; previous: string | null; asOf: { behind: number } };
const found = (answer: Answer): Found => {
  expect([answer.status, answer.body['detail']]).toEqual([200, undefined]);
  return answer.body as unknown as Found;
};
const get = async (path: string, caller: Person = staff) =>
  await coffer.call('GET', path, undefined, { authorization: caller.authorization });
const post = async (path: string, body: object, caller: Person = staff) =>
  await coffer.call('POST', path, body, { authorization: caller.authorization });
const searched = async () =>
  await vi.waitFor(async () => expect(found(await get('/operations?limit=1')).asOf.behind).toBe(0), { timeout: 30_000 });
const keysOf = ({ items }: Found) => items.map((item) => item['requestId']);

beforeAll(async () => {
  coffer = await startProduct({}, { mode: 'required' });
  const { pool, ledger } = coffer;
  projector = await Projector.start({ pool, ledger, log: silentLog(), projections: [findProjection], lookMs: 5 });
  const identity = coffer.product;
  staff = await person(identity, 'staff', 'operator');
  alice = await person(identity, 'alice', 'user');
  bob = await person(identity, 'bob', 'user');
  await post(`/wallet/${alice.user.id}.USD/deposit`, { amount: 5_000, requestId: 'pay-in', metadata: { orderId: 16 } });
  await post(
    `/wallet/${alice.user.id}.USD/transfer`,
    { toWalletId: `${bob.user.id}.USD`, amount: 1_250, requestId: 'rent', metadata: { orderId: 17, note: "O'Brien; --" } },
    alice,
  );
  await post(`/wallet/${bob.user.id}.USD/withdraw`, { amount: 99_999, requestId: 'too much', metadata: { orderId: 17 } });
  await post(`/wallet/${alice.user.id}.USD/holds`, { amount: 100, requestId: 'deposit for a car' });
  await post(`/wallet/${bob.user.id}.USD/freeze`, { reason: 'chargeback 4711', requestId: 'stop' });
  await searched();
});
afterAll(async () => {
  await projector.stop();
  await coffer.stop();
});

describe('operations', () => {
  test.each([
    ['metadata.orderId=17', ['too much', 'rent']],
    ['metadata=orderId%3D17', ['too much', 'rent']],
    ['metadata.orderId=17&status=completed', ['rent']],
    ['metadata.orderId=17&metadata.note=O%27Brien%3B%20--', ['rent']],
    ['kind=withdrawal&status=refused', ['too much']],
    ['refusal=insufficient_funds', ['too much']],
    ['text=CHARGEBACK', ['stop']],
    ['text=o%27brien', ['rent']],
    ['key=rent', ['rent']],
    ['amountMin=1250&amountMax=1250&kind=transfer', ['rent']],
    ['amountMin=12.50&amountMax=12.50&unit=major&asset=USD', ['rent']],
    ['counterparty=cash_in&kind=deposit', ['pay-in']],
    ['since=2999-01-01T00:00:00Z', []],
    ['text=%27%3B%20drop%20table%20find.operation%3B%20--', []],
  ])('%s', async (query, keys) => {
    expect(keysOf(found(await get(`/operations?${query}`)))).toEqual(keys);
  });

  test('amounts come in the unit that is asked for', async () => {
    const { items } = found(await get('/operations?key=rent&unit=major'));
    expect(items[0]).toMatchObject({ amount: '12.50', metadata: { orderId: 17 } });
  });

  test('a key is found although nothing has been searched since', async () => {
    await projector.stop();
    await post(`/wallet/${alice.user.id}.USD/deposit`, { amount: 1, requestId: 'just now' });
    expect(keysOf(found(await get('/operations?key=just%20now')))).toEqual(['just now']);
    const late = found(await get(`/operations?walletId=${alice.user.id}.USD&kind=deposit`));
    expect([keysOf(late), late.asOf.behind > 0]).toEqual([['pay-in'], true]);
    const { pool, ledger } = coffer;
    projector = await Projector.start({ pool, ledger, log: silentLog(), projections: [findProjection], lookMs: 5 });
    await searched();
  });

  test('a user finds only what involves the own wallets, and no keys of others', async () => {
    const seen = found(await get('/operations', bob));
    expect(seen.items.map(({ type, requestId }) => [type, requestId])).toEqual([
      ['freeze', 'stop'],
      ['withdrawal', 'too much'],
      ['transfer', null],
      ['open', expect.any(String)],
    ]);
    expect(keysOf(found(await get('/operations?key=rent', bob)))).toEqual([]);
    expect(keysOf(found(await get('/operations?metadata.orderId=16', bob)))).toEqual([]);
    expect(found(await get(`/operations?ownerId=${alice.user.id}`, bob)).items.map(({ type }) => type)).toEqual(['transfer']);
    expect(found(await get(`/operations?walletId=${alice.user.id}.USD&kind=deposit`, bob)).items).toEqual([]);
  });

  test('pages go on in both directions, and a cursor belongs to its list and filters', async () => {
    const first = found(await get('/operations?limit=2&count=estimate'));
    const second = found(await get(`/operations?limit=2&cursor=${first.next}`));
    const back = found(await get(`/operations?limit=2&cursor=${second.previous}`));
    expect(back.items).toEqual(first.items);
    expect([first.previous, back.previous]).toEqual([null, null]);
    for (const path of [
      `/operations?kind=open&cursor=${first.next}`,
      `/operations?order=asc&cursor=${first.next}`,
      `/holds?cursor=${first.next}`,
      '/operations?cursor=AAAA',
      '/operations?cursor=WyJ4IiwwLDFd',
    ])
      expect([(await get(path)).status, path]).toEqual([400, path]);
    expect((await get(`/operations?limit=2&cursor=${first.next}`, alice)).status).toBe(400);
  });

  test.each([
    'kinds=open',
    'kind=transfers',
    'kind=transfer_debit',
    'refusal=poor',
    'status=posted',
    'text=--',
    'amountMin=x',
    'asset=NONE',
    'metadata=orderId',
    'count=exact',
    'since=yesterday',
    `amountMin=1.5&unit=major`,
  ])('%s is refused with a sentence', async (query) => {
    const refused = await get(`/operations?${query}`);
    expect([refused.status, refused.body['code']]).toEqual([400, 'invalid_request']);
  });
});

test('holds and wallets are found, a user finds only the own', async () => {
  expect(found(await get('/holds?state=open&count=estimate'))).toMatchObject({
    items: [{ amount: '100' }],
    count: { value: 1, exact: true },
  });
  expect(found(await get('/holds?state=captured')).items).toEqual([]);
  expect(found(await get('/holds', bob)).items).toEqual([]);
  const richest = found(await get('/wallets?asset=USD&sort=balance&balanceMin=1'));
  expect(richest.items.slice(0, 2).map(({ walletId }) => walletId)).toContain(`${alice.user.id}.USD`);
  expect(found(await get('/wallets?state=frozen')).items.map(({ walletId }) => walletId)).toEqual([`${bob.user.id}.USD`]);
  expect(found(await get('/wallets', bob)).items.map(({ walletId }) => walletId)).toEqual([`${bob.user.id}.USD`]);
  expect(found(await get(`/wallets?ownerId=${alice.user.id}`, bob)).items).toEqual([]);
  expect((await get('/wallets?sort=balance')).status).toBe(400);
  expect((await get('/wallets?flag=withdrawal-velocity', bob)).status).toBe(403);
  expect(found(await get('/wallets?flag=withdrawal-velocity')).items).toEqual([]);
});

describe('users and requests', () => {
  const namesOf = ({ items }: Found) => items.map(({ name }) => name);

  beforeAll(async () => {
    for (const [email, name] of [
      ['zoe@example.com', "Zoë O'Brien"],
      ['jr@example.com', 'J.R. Ewing'],
      ['x@example.com', "'; drop table identity.users; --"],
    ])
      expect((await coffer.call('POST', '/users/signup', { email, name, password: 'correct horse battery staple' })).status).toBe(201);
    for (const key of ['later-1', 'later-2', 'later-3'])
      expect((await post(`/wallet/${alice.user.id}.USD/withdraw`, { amount: 1, requestId: key, async: true }, alice)).status).toBe(202);
  });

  test.each([
    ['name=Zoë', ["Zoë O'Brien"]],
    ['name=brien%20Zo', ["Zoë O'Brien"]],
    ['name=j%20ewing', ['J.R. Ewing']],
    ['name=j.r.', ['J.R. Ewing']],
    ['name=drop%20table', ["'; drop table identity.users; --"]],
    ['name=%27%3B%20--', []],
    ['name=a%20%26%20!b%20%7C%20%3A*', []],
    ['email=ZOE%40example.com', ["Zoë O'Brien"]],
    ['email=%25', []],
    ['state=suspended', []],
  ])('users by %s', async (query, names) => {
    expect(namesOf(found(await get(`/users?${query}`)))).toEqual(names);
  });

  test('users in both directions, counted', async () => {
    const all = found(await get('/users?limit=500&count=estimate')) as Found & { count: unknown };
    expect([all.count, all.asOf]).toEqual([{ value: all.items.length, exact: true }, undefined]);
    const first = found(await get('/users?limit=2'));
    const second = found(await get(`/users?limit=2&cursor=${first.next}`));
    expect([...first.items, ...second.items]).toEqual(all.items.slice(0, 4));
    expect(found(await get(`/users?limit=2&cursor=${second.previous}`)).items).toEqual(first.items);
    expect(found(await get('/users?limit=500&order=asc')).items).toEqual(all.items.toReversed());
  });

  test('requests by key, type, owner and time, in both directions; a user sees only the own', async () => {
    const keys = (answer: Found) => answer.items.map(({ requestId }) => requestId);
    expect(keys(found(await get('/requests?key=later-2')))).toEqual(['later-2']);
    expect(keys(found(await get(`/requests?ownerId=${alice.user.id}&type=withdraw&since=2020-01-01T00:00:00Z&count=estimate`)))).toEqual([
      'later-3',
      'later-2',
      'later-1',
    ]);
    expect(keys(found(await get('/requests?type=transfer')))).toEqual([]);
    expect(keys(found(await get('/requests?until=2020-01-01T00:00:00Z')))).toEqual([]);
    expect(keys(found(await get('/requests?key=later-2', bob)))).toEqual([]);
    const first = found(await get('/requests?limit=2&order=asc', alice));
    const second = found(await get(`/requests?limit=2&order=asc&cursor=${first.next}`, alice));
    expect([keys(first), keys(second), second.next]).toEqual([['later-1', 'later-2'], ['later-3'], null]);
    expect(keys(found(await get(`/requests?limit=2&order=asc&cursor=${second.previous}`, alice)))).toEqual(['later-1', 'later-2']);
    expect((await get('/requests?key=%00')).status).toBe(400);
  });
});

describe('search', () => {
  const results = async (q: string, caller = staff) => {
    const { items } = found(await get(`/search?q=${encodeURIComponent(q)}`, caller));
    return items.map(({ kind, by, id }) => [kind, by, id]);
  };
  const usd = (whose: Person) => `${whose.user.id}.USD`;

  test('an id, a key, an e-mail address, an order number and a name point to things', async () => {
    const [, rent] = found(await get('/operations?metadata.orderId=17')).items;
    const id = String(rent?.['operationId']);
    expect(await results(id)).toEqual([['operation', 'id', id]]);
    expect(await results('rent')).toEqual([['operation', 'key', id]]);
    expect((await results('17')).map(([kind, by]) => [kind, by])).toEqual([
      ['operation', 'metadata'],
      ['operation', 'metadata'],
    ]);
    expect(await results(usd(alice))).toEqual([['wallet', 'id', usd(alice)]]);
    expect((await results(alice.user.id))[0]).toEqual(['user', 'id', alice.user.id]);
    expect((await results(String(alice.user.email)))[0]).toEqual(['user', 'email', alice.user.id]);
    expect((await results('ewing')).map(([kind, by]) => [kind, by])).toEqual([['user', 'name']]);
    expect((await results('later-2')).map(([kind, by]) => [kind, by])).toEqual([['request', 'key']]);
    expect((await results('deposit for a car')).map(([kind, by]) => [kind, by])).toEqual([['operation', 'key']]);
    const [hold] = found(await get('/holds?state=open')).items;
    expect((await results(String(hold?.['holdId']))).map(([kind, by]) => [kind, by])).toEqual([
      ['operation', 'id'],
      ['hold', 'id'],
    ]);
  });

  test('a user finds the own, and no users; odd text is text', async () => {
    expect(await results(usd(alice), bob)).toEqual([]);
    expect(await results(alice.user.id, bob)).toEqual([]);
    expect(await results(String(alice.user.email), bob)).toEqual([]);
    expect(await results('later-2', bob)).toEqual([]);
    expect((await results('17', bob)).length).toBe(2);
    for (const odd of ["'; drop table find.operation; --", '%', '\\', '\u0000', ' ', '999999999-999999999999999', '{"a":1}'])
      expect((await get(`/search?q=${encodeURIComponent(odd)}`)).status).toBe(200);
  });
});

test('a caller needs the right to read wallets', async () => {
  const key = await service(coffer.product, ['events:read']);
  for (const path of ['/operations', '/holds', '/wallets', '/search?q=w1'])
    expect((await coffer.call('GET', path, undefined, { authorization: key })).status).toBe(403);
});
