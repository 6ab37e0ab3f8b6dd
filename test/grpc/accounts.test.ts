// Users over gRPC: created once under a key, found, given a first password, and deleted with their wallets.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { Proofs } from '../../packages/coffer/src/identity/index.ts';
import { outsider } from './outsider.ts';
import type { Reply } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

const password = 'correct horse battery staple';

let platform: Platform;
let users: ReturnType<typeof outsider>;
let wallets: ReturnType<typeof outsider>;
let admin: Person;
let operator: Person;
let key: string;

beforeAll(async () => {
  platform = await startPlatform({ mode: 'required' });
  users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  wallets = outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
  admin = await person(platform, 'admin', 'admin');
  operator = await person(platform, 'operator', 'operator');
  key = await service(platform, ['users:write', 'users:read', 'controls:write']);
});
afterAll(async () => {
  users.close();
  wallets.close();
  await platform.stop();
});

async function call(name: string, request: object, authorization = key, metadata: Record<string, string> = {}): Promise<Reply> {
  return await users.call(name, request, { metadata: { authorization, ...metadata } });
}

const codeOf = (reply: Reply) => [reply.status, reply.trailer['coffer-code']];

describe('an idempotency key', () => {
  const jane = { email: 'jane@example.com', name: 'Jane Doe' };
  const under = async (name: string, request: object = jane, authorization = key) =>
    await call('CreateUser', request, authorization, { 'idempotency-key': name });

  test('creates one user, of calls at once too, and says which answer is a replay', async () => {
    const first = await under('k1');
    expect(first).toMatchObject({ status: status.OK, trailer: { 'idempotency-key': 'k1', 'idempotency-replayed': 'false' } });
    expect(await under('k1')).toMatchObject({ message: first.message, trailer: { 'idempotency-replayed': 'true' } });
    const joe = { email: 'joe@example.com', name: 'Joe' };
    const replies = await Promise.all(Array.from({ length: 5 }, async () => await under('k2', joe)));
    expect(new Set(replies.map(({ message }) => message?.['id'])).size).toBe(1);
    expect(replies.every((reply) => reply.status === status.OK)).toBe(true);
  });

  test('with other content is refused, also at once; another caller has keys of its own', async () => {
    expect(codeOf(await under('k1', { ...jane, name: 'Other' }))).toEqual([status.FAILED_PRECONDITION, 'idempotency_key_reused']);
    const both = await Promise.all(['one', 'two'].map(async (name) => await under('k3', { email: `${name}@example.com`, name })));
    expect(both.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([status.OK, status.FAILED_PRECONDITION]);
    expect(codeOf(await under('k1', jane, operator.authorization))).toEqual([status.ALREADY_EXISTS, 'email_taken']);
    expect(codeOf(await call('CreateUser', jane))).toEqual([status.ALREADY_EXISTS, 'email_taken']);
    expect(codeOf(await under('a,b'))).toEqual([status.INVALID_ARGUMENT, 'idempotency_key_invalid']);
  });

  test('of a user whose wallet could not be opened creates the user at the next call', async () => {
    const late = { email: 'late@example.com', name: 'Late' };
    await platform.stopWallets();
    expect(codeOf(await under('k4', late))).toEqual([status.UNAVAILABLE, 'wallet_provisioning_failed']);
    await platform.startWallets();
    expect(await under('k4', late)).toMatchObject({ status: status.OK, trailer: { 'idempotency-replayed': 'false' } });
    expect(await under('k4', late)).toMatchObject({ status: status.OK, trailer: { 'idempotency-replayed': 'true' } });
  });
});

test('a user is found by e-mail address in any spelling', async () => {
  const made = await call('CreateUser', { email: 'found@example.com', name: 'Found' });
  expect((await call('GetUserByEmail', { email: 'FOUND@example.com' })).message).toEqual(made.message);
  for (const email of ['nobody@example.com', '', "' or true --"])
    expect(codeOf(await call('GetUserByEmail', { email }))).toEqual([status.NOT_FOUND, 'user_not_found']);
});

test('a user made without a password gets a first one by a link, once', async () => {
  const made = await call('CreateUser', { email: 'first@example.com', name: 'First' });
  const id = made.message?.['id'] ?? '';
  const link = await call('CreatePasswordLink', { id });
  expect(link).toMatchObject({ status: status.OK, message: { link: '' } });
  const proofs = new Proofs({ pool: platform.database.pool, delivery: 'operator', signUp: 'open' });
  expect(await proofs.resetPassword({ token: link.message?.['token'] ?? '', password })).toMatchObject({ id });
  expect(await platform.sessions.login({ email: 'first@example.com', password })).toHaveProperty('token');
  expect(codeOf(await call('CreatePasswordLink', { id }))).toEqual([status.FAILED_PRECONDITION, 'has_password']);
  expect(codeOf(await call('CreatePasswordLink', { id: admin.user.id }))[0]).toBe(status.FAILED_PRECONDITION);
});

describe('deleting', () => {
  async function funded(email: string, amount: number): Promise<string> {
    const made = await call('CreateUser', { email, name: 'Gone' });
    const id = made.message?.['id'] ?? '';
    if (amount > 0) await wallets.call('CreditWallet', { user_id: id, amount }, { metadata: { authorization: admin.authorization } });
    return id;
  }
  const reason = 'asked to be forgotten';

  test('closes the wallets, with a sweep, and names who did it', async () => {
    const id = await funded('gone@example.com', 5);
    expect(codeOf(await call('DeleteUser', { id, reason }))).toEqual([status.FAILED_PRECONDITION, 'wallet_not_empty']);
    expect((await call('GetUserById', { id })).status).toBe(status.OK);
    const deleted = await call('DeleteUser', { id, reason, sweep_to: 'breakage' });
    expect(deleted).toMatchObject({ status: status.OK, message: { id } });
    expect(codeOf(await call('GetUserById', { id }))).toEqual([status.NOT_FOUND, 'user_not_found']);
    expect(codeOf(await call('DeleteUser', { id, reason }))).toEqual([status.NOT_FOUND, 'user_not_found']);
    const { rows } = await platform.database.pool.query('select kind, reason, actor from identity.user_change where user_id = $1', [id]);
    expect(rows).toEqual([{ kind: 'deleted', reason, actor: expect.stringMatching(/^key:/) as string }]);
    const { rows: closing } = await platform.database.pool.query<{ actor: string }>(
      "select actor from ledger.entry where kind = 'close' or actor like 'key:%' order by seq desc limit 1",
    );
    expect(closing[0]?.actor).toMatch(/^key:/);
  });

  test('takes the right to close wallets as well, and staff are deleted by an admin only, never themselves', async () => {
    const id = await funded('kept@example.com', 0);
    const weak = await service(platform, ['users:write']);
    expect(codeOf(await call('DeleteUser', { id, reason }, weak))).toEqual([status.PERMISSION_DENIED, 'forbidden']);
    expect((await call('GetUserById', { id })).status).toBe(status.OK);
    expect(codeOf(await call('DeleteUser', { id: admin.user.id, reason }))).toEqual([status.PERMISSION_DENIED, 'staff_protected']);
    const self = await call('DeleteUser', { id: operator.user.id, reason }, operator.authorization);
    expect(codeOf(self)).toEqual([status.FAILED_PRECONDITION, 'own_account']);
    expect(codeOf(await call('DeleteUser', { id: operator.user.id, reason }, admin.authorization))).toEqual([status.OK, undefined]);
  });

  test('is refused if it is malformed, and does nothing while the wallets service is down', async () => {
    const id = await funded('waits@example.com', 0);
    for (const wrong of [
      { id: 'x', reason },
      { id, reason: ' ' },
      { id, reason, sweep_to: 'not a wallet!' },
    ])
      expect((await call('DeleteUser', wrong)).status).toBe(status.INVALID_ARGUMENT);
    await platform.stopWallets();
    expect(codeOf(await call('DeleteUser', { id, reason }))).toEqual([status.UNAVAILABLE, 'wallets_unavailable']);
    expect((await call('GetUserById', { id })).status).toBe(status.OK);
    await platform.startWallets();
    expect((await call('DeleteUser', { id, reason })).status).toBe(status.OK);
  });
});
