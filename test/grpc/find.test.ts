// Finding over gRPC answers what REST answers.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProjection } from '../../packages/coffer/src/find/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { Projector } from '../../packages/coffer/src/projections/index.ts';
import { until } from '../support/until.ts';
import { startBoth } from './both.ts';
import type { Both, Message } from './both.ts';

let both: Both;
let projector: Projector;

beforeAll(async () => {
  both = await startBoth();
  const { ledger, database } = both.platform;
  projector = await Projector.start({ pool: database.pool, ledger, log: silentLog(), projections: [findProjection], lookMs: 5 });
  const metadata = JSON.stringify({ orderId: 17 });
  await both.post([
    { deposit: { wallet_id: 'w1', amount: 1_000, terms: { request_id: 'one' } } },
    { deposit: { wallet_id: 'w2', amount: 50, terms: { request_id: 'two', metadata } } },
    { transfer: { wallet_id: 'w1', to_wallet_id: 'w2', amount: 400, terms: { request_id: 'three', metadata } } },
    { withdraw: { wallet_id: 'w2', amount: 9_999, terms: { request_id: 'four' } } },
    { hold: { wallet_id: 'w1', amount: 5, terms: { request_id: 'five' } } },
    { freeze: { wallet_id: 'w2', reason: 'chargeback', terms: { request_id: 'six' } } },
  ]);
  let behind: unknown;
  const isCaughtUp = async () => {
    behind = ((await both.ask('FindOperations', {}))['found'] as Message)['behind'];
    return behind === '0';
  };
  await until(isCaughtUp, { what: 'the projection to catch up', seen: () => `${String(behind)} entries behind` });
});
afterAll(async () => {
  await projector.stop();
  await both.stop();
});

const idsOf = (message: Message, list: string, id: string) => (message[list] as readonly Message[]).map((item) => item[id]);

test.each([
  [{ kind: 'transfer' }, 'kind=transfer'],
  [{ metadata: ['orderId=17'] }, 'metadata.orderId=17'],
  [{ refusal: 'insufficient_funds' }, 'refusal=insufficient_funds'],
  [{ wallet_id: 'w1', counterparty: 'w2' }, 'walletId=w1&counterparty=w2'],
  [{ key: 'four' }, 'key=four'],
  [{ text: 'chargeback' }, 'text=chargeback'],
  [{ amount_min: '400', amount_max: '400' }, 'amountMin=400&amountMax=400'],
  [{ since: '2999-01-01T00:00:00Z' }, 'since=2999-01-01T00:00:00Z'],
])('operations by %o', async (filter, query) => {
  const found = await both.ask('FindOperations', { filter, page: { estimate: true } });
  const { body } = await both.rest('GET', `/operations?count=estimate&${query}`);
  const items = body['items'] as { operationId: string }[];
  expect(idsOf(found, 'operations', 'operation_id')).toEqual(items.map(({ operationId }) => operationId));
  expect(found['found']).toMatchObject({ estimate: String((body['count'] as { value: number }).value), exact: true });
});

test('pages in both directions, and a cursor of another list is refused', async () => {
  const first = await both.ask('FindOperations', { page: { limit: 2, order: 'asc' } });
  const { next } = first['found'] as Message;
  const second = await both.ask('FindOperations', { page: { limit: 2, order: 'asc', cursor: next } });
  const { previous } = second['found'] as Message;
  expect(await both.ask('FindOperations', { page: { limit: 2, order: 'asc', cursor: previous } })).toMatchObject({
    operations: first['operations'],
  });
  const refused = await both.call('FindHolds', { page: { cursor: next } });
  expect(refused).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'request_invalid' } });
});

test('holds, wallets and anything', async () => {
  expect(await both.ask('FindHolds', { state: 'open' })).toMatchObject({ holds: [{ amount: '5' }] });
  expect(idsOf(await both.ask('FindWallets', { state: 'frozen' }), 'wallets', 'id')).toEqual(['w2']);
  const richest = idsOf(await both.ask('FindWallets', { asset: 'USD', sort: 'balance', balance_min: '500' }), 'wallets', 'id');
  expect(richest).toContain('w1');
  expect(await both.ask('Search', { q: 'three' })).toMatchObject({
    results: [{ kind: 'operation', by: 'key', operation: { amount: '400' } }],
  });
  expect(await both.ask('Search', { q: 'w1' })).toMatchObject({ results: [{ kind: 'wallet', by: 'id' }] });
  expect((await both.call('FindWallets', { sort: 'balance' })).status).toBe(status.INVALID_ARGUMENT);
});

test('a history by kind and oldest first', async () => {
  const history = await both.ask('GetHistory', { wallet_id: 'w2', order: 'asc' });
  const oldest = (history['items'] as readonly Message[]).map((item) => item['request_id']);
  const newest = ((await both.ask('GetHistory', { wallet_id: 'w2' }))['items'] as readonly Message[]).map((item) => item['request_id']);
  expect(oldest).toEqual(newest.toReversed());
  const transfers = await both.ask('GetHistory', { wallet_id: 'w2', kind: 'transfer' });
  expect(transfers['items']).toHaveLength(1);
});
