// Permission to post requests with many operations does not permit every operation in them; and a stream lasts as long as its credential.
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ruleOf } from '../../packages/coffer/src/gateway/access/index.ts';
import type { OperationName } from '../../packages/coffer/src/gateway/access/index.ts';
import { scopes } from '../../packages/coffer/src/identity/index.ts';
import type { Scope } from '../../packages/coffer/src/identity/index.ts';
import { assert, newId } from '../../packages/coffer/src/kernel/index.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';
import { outsider } from '../grpc/outsider.ts';
import type { OutsiderStream } from '../grpc/outsider.ts';
import { person, service } from './world.ts';

let both: Both;
let client: ReturnType<typeof outsider>;
beforeAll(async () => {
  both = await startBoth({ mode: 'required' });
  client = outsider(both.platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
});
afterAll(async () => {
  client.close();
  await both.stop();
});

const reason = 'a test';
const kinds: [field: string, operation: OperationName, asked: object][] = [
  ['open_wallet', 'openWallet', { wallet_id: 'opened' }],
  ['deposit', 'deposit', { wallet_id: 'funded', amount: 1 }],
  ['withdraw', 'withdraw', { wallet_id: 'none', amount: 1 }],
  ['issue', 'issue', { amount: 1, reason: 'r' }],
  ['burn', 'burn', { amount: 1, reason: 'r' }],
  ['move', 'move', { from: { wallet: 'none' }, to: { wallet: 'other' }, amount: 1 }],
  ['transfer', 'transfer', { wallet_id: 'none', to_wallet_id: 'other', amount: 1 }],
  ['top_up', 'topUp', { owner_id: newId(), amount: 1 }],
  ['spend', 'spend', { owner_id: newId(), amount: 1 }],
  ['hold', 'authorizeHold', { wallet_id: 'none', amount: 1 }],
  ['capture', 'captureHold', { hold_id: '1-1' }],
  ['release', 'releaseHold', { hold_id: '1-1' }],
  ['reverse', 'reverseOperation', { operation_id: '1-1', reason }],
  ['freeze', 'freezeWallet', { wallet_id: 'none', reason }],
  ['unfreeze', 'unfreezeWallet', { wallet_id: 'none', reason }],
  ['close', 'closeWallet', { wallet_id: 'none', reason }],
  ['set_limits', 'setLimits', { wallet_id: 'none', reason }],
  ['set_credit_line', 'setCreditLine', { wallet_id: 'none', reason }],
];

describe.each(kinds)('%s in a request', (field, operation, asked) => {
  const needed = ruleOf(operation).service;
  const others = scopes.filter((scope) => scope !== needed);

  test('needs its own scope; the ledger decides the rest', async () => {
    assert(needed !== 'never', 'services do all of them');
    const authorization = await service(both.platform, ['batches:write', needed]);
    // Only users own wallets, and the users service knows the users.
    const decided = field === 'top_up' || field === 'spend' ? status.NOT_FOUND : status.OK;
    expect(await both.call('Post', { operations: [{ [field]: asked }] }, authorization)).toMatchObject({ status: decided });
  });

  test('is denied without its scope, whatever other scopes the service has, before any other validation', async () => {
    const authorization = await service(both.platform, others);
    const allowed = field === 'deposit' ? [] : [{ deposit: { wallet_id: 'before', amount: 1 } }];
    for (const denied of [asked, {}]) {
      const reply = await both.call('Post', { operations: [...allowed, { [field]: denied }] }, authorization);
      expect(reply).toMatchObject({ status: status.PERMISSION_DENIED, trailer: { 'coffer-code': 'forbidden' } });
    }
    expect(await both.platform.queries.wallet('before')).toBeNull();
  });
});

test('credit granted with a wallet needs the scope for credit', async () => {
  const authorization = await service(both.platform, ['batches:write', 'wallets:open']);
  const open = (credit_limit: number) =>
    both.call('Post', { operations: [{ open_wallet: { wallet_id: newId(), credit_limit } }] }, authorization);
  expect(await open(0)).toMatchObject({ status: status.OK });
  expect(await open(1)).toMatchObject({ status: status.PERMISSION_DENIED });
});

function post(stream: OutsiderStream, id: number): Promise<unknown> {
  stream.write({ id, operations: [{ deposit: { wallet_id: 'streamed', amount: 1 } }] });
  return once(stream, 'data');
}

const failureOf = async (stream: OutsiderStream) => ((await once(stream, 'error')) as [ServiceError])[0];
const streaming: Scope[] = ['batches:write', 'money:deposit'];

describe('a stream', () => {
  test.each([
    ['nobody', status.UNAUTHENTICATED],
    ['a user', status.PERMISSION_DENIED],
    ['a service without the scope', status.PERMISSION_DENIED],
  ])('is not for %s', async (caller, code) => {
    const asUser = caller === 'a user' ? (await person(both.platform, 'streaming', 'user')).authorization : '';
    const asService = caller.startsWith('a service') ? await service(both.platform, ['money:deposit']) : '';
    const authorization = asUser || asService;
    const stream = client.open('PostStream', authorization === '' ? {} : { authorization });
    const failed = failureOf(stream);
    stream.on('data', () => undefined);
    stream.write({ id: 1, operations: [{ deposit: { wallet_id: 'denied', amount: 1 } }] });
    expect((await failed).code).toBe(code);
    expect(await both.platform.queries.wallet('denied')).toBeNull();
  });

  test.each(['operator', 'admin'] as const)('is open to the role %s', async (role) => {
    const { authorization } = await person(both.platform, `streaming-${role}`, role);
    const stream = client.open('PostStream', { authorization });
    expect(await post(stream, 1)).toMatchObject([{ id: '1', results: [{ status: 'completed' }], problem: null }]);
    stream.end();
    await once(stream, 'end');
  });

  test('answers an operation that its key may not post with a problem, and continues', async () => {
    const stream = client.open('PostStream', { authorization: await service(both.platform, streaming) });
    stream.write({ id: 1, operations: [{ freeze: { wallet_id: 'streamed', reason } }] });
    expect(await once(stream, 'data')).toMatchObject([{ id: '1', results: [], problem: { code: 'forbidden' } }]);
    expect(await post(stream, 2)).toMatchObject([{ id: '2', results: [{ status: 'completed' }] }]);
    stream.end();
    await once(stream, 'end');
  });

  test('ends when its key is revoked mid-stream: the answered operations are done, and no others', async () => {
    const made = await both.platform.apiKeys.create({ name: 'a stream', scopes: streaming, createdBy: 'cli' });
    assert('secret' in made, 'the key is made');
    const stream = client.open('PostStream', { authorization: `Bearer ${made.secret}` });
    const balance = async () => (await both.platform.queries.wallet('streamed'))?.balance ?? 0n;
    const before = await balance();
    let answered = 0n;
    stream.on('data', () => answered++);
    const failed = failureOf(stream);
    let failure: ServiceError | undefined;
    void failed.then((error) => (failure = error));
    await post(stream, 1);
    await both.platform.apiKeys.revoke(made.key.id);
    // The key is looked up again within a second.
    for (let id = 2; !failure; id++) {
      stream.write({ id, operations: [{ deposit: { wallet_id: 'streamed', amount: 1 } }] });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([failure.code, failure.metadata.get('coffer-code')]).toEqual([status.UNAUTHENTICATED, ['unauthenticated']]);
    expect(await balance()).toBe(before + answered);
  });
});
