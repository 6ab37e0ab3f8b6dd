// With a payout configured, what is sent to cash_out is decided first, whichever operation and transport sends it; staff and keys with the
// scope money:withdraw:direct are exempt.
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scope } from '../../packages/coffer/src/identity/index.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';
import { outsider } from '../grpc/outsider.ts';

let both: Both;
let user: Person;
let operator: Person;
let wallet = '';
const moving: Scope[] = ['money:deposit', 'money:withdraw', 'holds:write', 'controls:write', 'batches:write', 'wallets:open'];

beforeAll(async () => {
  both = await startBoth({ mode: 'required', isPayoutDecided: true });
  user = await person(both.platform, 'jane', 'user');
  operator = await person(both.platform, 'olga', 'operator');
  wallet = `${user.user.id}.USD`;
  await both.rest('POST', `/wallet/${wallet}/deposit`, { amount: 1_000 }, operator.authorization);
});
afterAll(async () => {
  await both.stop();
});

const refused = { status: 422, body: { code: 'payout_required' } };
const key = async (...more: Scope[]) => await service(both.platform, [...moving, ...more]);

async function funded(): Promise<string> {
  const id = `w-${newId()}`;
  await both.rest('POST', `/wallet/${id}/deposit`, { amount: 100 }, operator.authorization);
  return id;
}

async function held(id: string): Promise<string> {
  const { body } = await both.rest('POST', `/wallet/${id}/holds`, { amount: 10 }, operator.authorization);
  return String(body['operationId']);
}

describe('a user', () => {
  test('withdraws asynchronously; a direct withdrawal is refused, over REST, DebitWallet, and with a key used before', async () => {
    const direct = { amount: 1, requestId: 'direct' };
    expect(await both.rest('POST', `/wallet/${wallet}/withdraw`, direct, user.authorization)).toMatchObject(refused);
    const debits = outsider(both.platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
    const asked = { user_id: user.user.id, amount: 1 };
    expect(await debits.call('DebitWallet', asked, { metadata: { authorization: user.authorization } })).toMatchObject({
      status: status.FAILED_PRECONDITION,
      trailer: { 'coffer-code': 'payout_required' },
    });
    debits.close();
    const later = await both.rest('POST', `/wallet/${wallet}/withdraw`, { ...direct, async: true }, user.authorization);
    expect(later).toMatchObject({ status: 202, body: { status: 'accepted' } });
  });

  test('cannot sweep to cash_out with the account, but can sweep it elsewhere', async () => {
    const leaver = await person(both.platform, 'leaver', 'user');
    const id = `${leaver.user.id}.USD`;
    await both.rest('POST', `/wallet/${id}/deposit`, { amount: 5 }, operator.authorization);
    expect(await both.rest('DELETE', '/users/me?sweepTo=cash_out', undefined, leaver.authorization)).toMatchObject(refused);
    const { status: done } = await both.rest('DELETE', `/users/me?sweepToWalletId=${wallet}`, undefined, leaver.authorization);
    expect(done).toBe(200);
  });
});

describe('an API key without money:withdraw:direct', () => {
  test('is refused a withdrawal, a capture to cash_out and a sweep to cash_out; other destinations are open to it', async () => {
    const [authorization, id] = [await key(), await funded()];
    const hold = await held(id);
    const post = async (path: string, body: object) => await both.rest('POST', path, body, authorization);
    expect(await post(`/wallet/${id}/withdraw`, { amount: 1 })).toMatchObject(refused);
    expect(await post(`/holds/${hold}/capture`, { amount: 1 })).toMatchObject(refused);
    expect(await post(`/holds/${hold}/capture`, { amount: 1, to: 'fees' })).toMatchObject({ status: 201 });
    expect(await post(`/holds/${hold}/release`, {})).toMatchObject({ status: 201 });
    expect(await post(`/wallet/${id}/close`, { sweepTo: 'cash_out', reason: 'x' })).toMatchObject(refused);
    expect(await post(`/wallet/${id}/close`, { sweepToWalletId: wallet, reason: 'x' })).toMatchObject({ status: 201 });
  });

  test('is refused in a batch over REST, and over gRPC in a request, an all-or-nothing request and a stream', async () => {
    const [authorization, id] = [await key(), await funded()];
    const item = { type: 'withdraw', walletId: id, amount: 1 };
    expect(await both.rest('POST', '/operations/batch', { operations: [item] }, authorization)).toMatchObject({
      body: { results: [{ status: 'refused', code: 'payout_required' }] },
    });
    const operations = [{ withdraw: { wallet_id: id, amount: 1 } }];
    const problem = { results: [{ problem: { code: 'payout_required' } }] };
    for (const atomic of [false, true])
      expect(await both.call('Post', { operations, atomic }, authorization)).toMatchObject({ message: problem });
    const client = outsider(both.platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
    const stream = client.open('PostStream', { authorization });
    const answered = once(stream, 'data');
    stream.write({ id: 1, operations });
    expect(await answered).toMatchObject([problem]);
    stream.end();
    client.close();
  });
});

test('staff, and a key with money:withdraw:direct, send to cash_out directly', async () => {
  for (const authorization of [operator.authorization, await key('money:withdraw:direct')]) {
    const id = await funded();
    const hold = await held(id);
    const post = async (path: string, body: object) => (await both.rest('POST', path, body, authorization)).status;
    expect(await post(`/wallet/${id}/withdraw`, { amount: 1 })).toBe(201);
    expect(await post(`/holds/${hold}/capture`, {})).toBe(201);
    expect(await post(`/wallet/${id}/close`, { sweepTo: 'cash_out', reason: 'x' })).toBe(201);
  }
});

test('staff do not pay out their own money around the payout decision: alone they withdraw asynchronously, like any user', async () => {
  const own = `/wallet/${operator.user.id}.USD/withdraw`;
  expect(await both.rest('POST', own, { amount: 1 }, operator.authorization)).toMatchObject({
    status: 422,
    body: { code: 'approval_required' },
  });
  expect(await both.rest('POST', own, { amount: 1, async: true }, operator.authorization)).toMatchObject({ status: 202 });
});

test('staff who delete their own account sweep it like any user: not to cash_out without the payout decision', async () => {
  const leaver = await person(both.platform, 'leaving-operator', 'operator');
  await both.rest('POST', `/wallet/${leaver.user.id}.USD/deposit`, { amount: 5 }, operator.authorization);
  expect(await both.rest('DELETE', '/users/me?sweepTo=cash_out', undefined, leaver.authorization)).toMatchObject(refused);
  expect((await both.rest('DELETE', '/users/me?sweepTo=fees', undefined, leaver.authorization)).status).toBe(200);
});

test('a withdrawal that was posted before is answered again', async () => {
  const body = { amount: 2, requestId: newId() };
  const authorization = await key();
  const direct = await key('money:withdraw:direct');
  const id = await funded();
  await both.rest('POST', `/wallet/${id}/withdraw`, body, direct);
  const again = await both.rest('POST', `/wallet/${id}/withdraw`, body, authorization);
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
});
