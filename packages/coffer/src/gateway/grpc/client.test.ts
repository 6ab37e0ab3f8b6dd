// How our services read each other's answers: only a named refusal counts as one. A lost answer is never a "no".
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../kernel/index.ts';
import { userService } from './generated/user.ts';
import { walletService } from './generated/wallet.ts';
import { createUserClient } from './user-client.ts';
import { createWalletClient } from './wallet-client.ts';

type Said = { readonly code: status; readonly name?: string } | 'nothing' | 'yes';

/** The other service, which answers as the test wants. */
let says: Said = 'yes';
let calls = 0;
const server = new Server();
let users: ReturnType<typeof createUserClient>;
let wallets: ReturnType<typeof createWalletClient>;

const userId = newId();
const messages = {
  [userService.getUserById.path]: { id: userId, email: 'jane@example.com', name: 'Jane', createdAt: '2026-01-01T00:00:00Z' },
  [walletService.createWallet.path]: { id: 'w', userId, balance: 0n, createdAt: '2026-01-01T00:00:00Z' },
  [walletService.getWallet.path]: { id: 'w', userId, balance: 0n, createdAt: '2026-01-01T00:00:00Z' },
};

beforeAll(async () => {
  for (const method of [userService.getUserById, walletService.createWallet, walletService.getWallet]) {
    const handle = (_call: unknown, callback: sendUnaryData<object>): void => {
      calls++;
      if (says === 'nothing') return;
      if (says === 'yes') return callback(null, messages[method.path]);
      const metadata = new Metadata();
      if (says.name !== undefined) metadata.set('coffer-code', says.name);
      callback({ code: says.code, details: 'as the test says', metadata });
    };
    server.register(method.path, handle, method.response.encode as (message: object) => Buffer, () => ({}), 'unary');
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  users = createUserClient({ host: '127.0.0.1', port });
  wallets = createWalletClient({ host: '127.0.0.1', port }, { openMs: 1_000 });
});
afterEach(() => {
  calls = 0;
});
afterAll(() => {
  users.close();
  wallets.close();
  server.forceShutdown();
});

const find = (withinMs = 10_000) => users.find(userId, Date.now() + withinMs);
const opening = async () => (await wallets.openWallet(userId)).status;

test('an answer is passed on', async () => {
  says = 'yes';
  expect([await find(), await opening(), await wallets.hasWallet(userId)]).toEqual([{ status: 'found' }, 'opened', true]);
  expect(calls).toBe(3);
});

describe('a failure never means that a user is missing, or a wallet refused or absent', () => {
  // A request without an answer may have been processed.
  test.each([
    ['the deadline has passed', { code: status.DEADLINE_EXCEEDED, name: 'deadline' }],
    ['its outcome is unknown', { code: status.UNAVAILABLE, name: 'outcome_unknown' }],
    ['its ledger has halted', { code: status.UNAVAILABLE, name: 'ledger_halted' }],
    ['it has a bug', { code: status.INTERNAL, name: 'internal' }],
  ] as const)('when %s: unknown', async (_what, answer) => {
    says = answer;
    expect([await find(), await opening(), await wallets.hasWallet(userId)]).toEqual([{ status: 'unavailable' }, 'unknown', 'unknown']);
    expect(calls).toBe(3);
  });

  test('when no answer comes before the deadline: unknown', async () => {
    says = 'nothing';
    const answers = await Promise.all([find(500), opening(), wallets.hasWallet(userId)]);
    expect(answers).toEqual([{ status: 'unavailable' }, 'unknown', 'unknown']);
    expect(calls).toBe(3);
  });

  // From a proxy, a load balancer or another program on the port: whatever the status, it is not the other service's answer.
  const statuses = Object.values(status).filter((code): code is status => typeof code === 'number' && code !== status.OK);
  test.each(statuses.map((code) => [status[code], code] as const))('when %s comes without a name: unknown', async (_name, code) => {
    says = { code };
    expect([await find(), await opening(), await wallets.hasWallet(userId)]).toEqual([{ status: 'unavailable' }, 'unknown', 'unknown']);
  });

  test.each([
    ['it is overloaded', { code: status.RESOURCE_EXHAUSTED, name: 'overloaded' }],
    ['its database is unavailable', { code: status.UNAVAILABLE, name: 'unavailable' }],
    ['it does not authenticate us', { code: status.UNAUTHENTICATED, name: 'unauthenticated' }],
    ['it does not authorise us', { code: status.PERMISSION_DENIED, name: 'forbidden' }],
  ] as const)('when %s: nothing was done', async (_what, answer) => {
    says = answer;
    expect([await find(), await opening(), await wallets.hasWallet(userId)]).toEqual([{ status: 'unavailable' }, 'unavailable', 'unknown']);
  });
});

describe('a refusal that the other service names', () => {
  test('user_not_found means that there is no user; any other refusal says nothing about the user', async () => {
    says = { code: status.NOT_FOUND, name: 'user_not_found' };
    expect(await find()).toMatchObject({ status: 'refused', failure: { code: 'user_not_found', status: status.NOT_FOUND } });
    says = { code: status.INVALID_ARGUMENT, name: 'message_malformed' };
    expect(await find()).toEqual({ status: 'unavailable' });
  });

  test('a wallet that already exists is open; any other refusal is a refusal', async () => {
    says = { code: status.FAILED_PRECONDITION, name: 'wallet_exists' };
    expect(await opening()).toBe('opened');
    says = { code: status.NOT_FOUND, name: 'user_not_found' };
    expect(await opening()).toBe('refused');
  });

  test('wallet_not_found means that there is no wallet; a balance that does not fit means that there is one', async () => {
    says = { code: status.NOT_FOUND, name: 'wallet_not_found' };
    expect(await wallets.hasWallet(userId)).toBe(false);
    says = { code: status.OUT_OF_RANGE, name: 'balance_exceeds_int64' };
    expect(await wallets.hasWallet(userId)).toBe(true);
  });
});
