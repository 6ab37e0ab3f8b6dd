// An idempotency key is unique for a wallet and a kind of principal: what a user sends never answers a service, nor the other way round.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';
import { outsider } from '../grpc/outsider.ts';
import { person, service } from './world.ts';
import type { Person } from './world.ts';

let both: Both;
let user: Person;
let staff: string;
let key: string;
let wallet: string;
beforeAll(async () => {
  both = await startBoth({ mode: 'required' });
  user = await person(both.platform, 'jane', 'user');
  staff = (await person(both.platform, 'olga', 'operator')).authorization;
  key = await service(both.platform, ['money:withdraw', 'money:transfer', 'money:deposit', 'batches:write', 'wallets:read']);
  wallet = `${user.user.id}.USD`;
  await both.rest('POST', `/wallet/${wallet}/deposit`, { amount: 1_000 }, staff);
  await both.rest('POST', '/wallet/other/deposit', { amount: 1 }, staff);
});
afterAll(async () => {
  const report = await verify(both.platform.database.pool);
  await both.stop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

const balance = async () => Number((await both.rest('GET', `/wallet/${wallet}`, undefined, staff)).body['balance']);

describe('the same key of the owner and of a service is two operations, each repeated to its own caller', () => {
  test.each([
    ['withdraw', {}],
    ['transfer', { toWalletId: 'other' }],
    ['transfer', { toWalletId: 'other', mode: 'saga' }],
  ] as const)('over REST: %s %j', async (what, more) => {
    const body = { amount: 5, requestId: `order-77 ${what} ${JSON.stringify(more)}`, ...more };
    const post = async (authorization: string) => await both.rest('POST', `/wallet/${wallet}/${what}`, body, authorization);
    const before = await balance();
    const [byUser, byService] = [await post(user.authorization), await post(key)];
    expect([byUser, byService]).toMatchObject([
      { status: 201, body: { requestId: body.requestId, keyspace: 'user' } },
      { status: 201, body: { requestId: body.requestId, keyspace: 'service' } },
    ]);
    expect(byService.headers.get('idempotency-replayed')).toBeNull();
    expect(before - (await balance())).toBe(10);
    for (const [authorization, first] of [
      [user.authorization, byUser],
      [key, byService],
      [staff, byService],
    ] as const) {
      const again = await post(authorization);
      expect([again.headers.get('idempotency-replayed'), again.body['operationId']]).toEqual(['true', first.body['operationId']]);
    }
    expect(before - (await balance())).toBe(10);
  });

  test('in a batch, over gRPC and in a stream: those of services and staff are one', async () => {
    const requestId = newId();
    const { body } = await both.rest('POST', `/wallet/${wallet}/withdraw`, { amount: 1, requestId }, user.authorization);
    const operations = [{ type: 'withdraw', walletId: wallet, amount: 1, requestId }];
    const batch = await both.rest('POST', '/operations/batch', { operations }, key);
    const results = batch.body['results'] as { replayed: boolean; operationId: string; keyspace: string }[];
    expect(results).toMatchObject([{ status: 'completed', replayed: false, keyspace: 'service' }]);
    expect(results[0]?.operationId).not.toBe(body['operationId']);
    const asked = { operations: [{ withdraw: { wallet_id: wallet, amount: 1, terms: { request_id: requestId } } }] };
    const replayed = { results: [{ replayed: true, operation_id: results[0]?.operationId, keyspace: 'service', request_id: requestId }] };
    expect(await both.call('Post', asked, key)).toMatchObject({ message: replayed });
    const client = outsider(both.platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
    const stream = client.open('PostStream', { authorization: staff });
    const answered = once(stream, 'data');
    stream.write(asked);
    expect(await answered).toMatchObject([replayed]);
    stream.end();
    const debits = outsider(both.platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
    const metadata = { authorization: user.authorization, 'idempotency-key': requestId };
    const debit = await debits.call('DebitWallet', { user_id: user.user.id, amount: 1 }, { metadata });
    expect(debit.trailer).toMatchObject({ 'idempotency-replayed': 'true', 'coffer-operation': body['operationId'] });
    debits.close();
    client.close();
  });

  test('for asynchronous requests, which share a key with the direct operation of the same caller', async () => {
    const body = { amount: 2, requestId: newId(), async: true };
    const post = async (authorization: string) => await both.rest('POST', `/wallet/${wallet}/withdraw`, body, authorization);
    const [byUser, byService] = [await post(user.authorization), await post(key)];
    expect([byUser, byService]).toMatchObject([
      { status: 202, body: { requestId: body.requestId, keyspace: 'user' } },
      { status: 202, body: { requestId: body.requestId, keyspace: 'service' } },
    ]);
    expect(byService.body['id']).not.toBe(byUser.body['id']);
    const again = await post(user.authorization);
    expect([again.headers.get('idempotency-replayed'), again.body['id']]).toEqual(['true', byUser.body['id']]);
    const direct = { amount: 3, requestId: newId() };
    const first = await both.rest('POST', `/wallet/${wallet}/withdraw`, direct, user.authorization);
    const later = await both.rest('POST', `/wallet/${wallet}/withdraw`, { ...direct, async: true }, user.authorization);
    expect([later.status, later.body['operationId']]).toEqual([201, first.body['operationId']]);
    expect((await both.rest('POST', `/wallet/${wallet}/withdraw`, { ...direct, async: true }, key)).status).toBe(202);
  });
});

test('other content under the same key is refused within a keyspace only', async () => {
  const requestId = newId();
  const post = async (amount: number, authorization: string) =>
    (await both.rest('POST', `/wallet/${wallet}/withdraw`, { amount, requestId }, authorization)).status;
  expect([await post(1, user.authorization), await post(2, key), await post(2, user.authorization), await post(1, staff)]).toEqual([
    201, 201, 409, 409,
  ]);
});

test("a key is looked up among the caller's own, or in the keyspace named; every reader sees the key as it was sent", async () => {
  const requestId = newId();
  const { body } = await both.rest('POST', `/wallet/${wallet}/withdraw`, { amount: 1, requestId }, user.authorization);
  const id = body['operationId'];
  const read = async (authorization: string, query = '') =>
    await both.rest('GET', `/wallet/${wallet}/operations/${requestId}${query}`, undefined, authorization);
  expect(await read(user.authorization)).toMatchObject({ status: 200, body: { operationId: id, requestId, keyspace: 'user' } });
  expect((await read(staff)).status).toBe(404);
  expect(await read(staff, '?keyspace=user')).toMatchObject({ status: 200, body: { operationId: id, requestId, keyspace: 'user' } });
  const asked = { wallet_id: wallet, request_id: requestId };
  expect(await both.call('GetOperation', asked, user.authorization)).toMatchObject({ message: { operation_id: id, keyspace: 'user' } });
  expect(await both.call('GetOperation', { ...asked, keyspace: 'user' }, key)).toMatchObject({ message: { operation_id: id } });
  const history = await both.rest('GET', `/wallet/${wallet}/history?limit=1`, undefined, staff);
  expect(history.body['items']).toMatchObject([{ requestId, keyspace: 'user' }]);
  const { events } = await both.platform.ledger.read.events(undefined, 500);
  expect(events.findLast(({ type }) => type === 'FundsWithdrawn')?.data).toMatchObject({ key: requestId });
});
