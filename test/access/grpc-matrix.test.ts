// The same policy over gRPC: every call by every kind of caller, on its own data and on another caller's; and what the services show each other.
import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ruleOf } from '../../packages/coffer/src/gateway/access/index.ts';
import type { OperationName } from '../../packages/coffer/src/gateway/access/index.ts';
import { admit } from '../../packages/coffer/src/gateway/grpc/callers.ts';
import { createWalletClient, internalCredentialOf } from '../../packages/coffer/src/gateway/grpc/index.ts';
import type { Scope } from '../../packages/coffer/src/identity/index.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { outsider, rawCall } from '../grpc/outsider.ts';
import type { Reply } from '../grpc/outsider.ts';
import { jwtSecret, startPlatform } from '../grpc/platform.ts';
import type { Platform } from '../grpc/platform.ts';
import { authorizationOf, callers, declared, peopleOf, person } from './world.ts';
import type { People, Person } from './world.ts';

type Service = 'users' | 'wallets' | 'ledger';
type Call = {
  readonly service: Service;
  readonly operation: OperationName;
  readonly request: (userId: string) => object;
  readonly passes: status;
  /** Scopes that a service needs in addition to the scope of the call. */
  readonly beside?: readonly Scope[];
  /** Another caller's data is reported as such, or left out of a list, not as missing. */
  readonly foreign?: 'forbidden' | 'passes';
};
/** Wallet ids derive from their owners; hold ids do not. */
const holds = new Map<string, string>();
const walletOf = (userId: string) => ({ wallet_id: `${userId}.USD` });
const read = (operation: OperationName, request: Call['request']): Call => ({ service: 'ledger', operation, request, passes: status.OK });
const calls: Record<string, Call> = {
  CreateUser: {
    service: 'users',
    operation: 'createUser',
    request: () => ({ email: `made-${newId()}@example.com`, name: 'Made' }),
    passes: status.OK,
  },
  GetUserByEmail: { service: 'users', operation: 'findUser', request: () => ({ email: 'user@example.com' }), passes: status.OK },
  // For an authorized caller, there is no such user.
  DeleteUser: { service: 'users', operation: 'deleteUser', request: () => ({ id: newId(), reason: 'test' }), passes: status.NOT_FOUND },
  // For an authorized caller: everybody here has a password.
  CreatePasswordLink: { service: 'users', operation: 'createPasswordLink', request: (id) => ({ id }), passes: status.FAILED_PRECONDITION },
  // A user without wallets has none left to close.
  CloseWallets: { service: 'wallets', operation: 'closeWallets', request: () => ({ user_id: newId() }), passes: status.OK },
  GetUserById: { service: 'users', operation: 'getUser', request: (id) => ({ id }), passes: status.OK },
  // It already exists; a caller without permission to open it must not learn that.
  CreateWallet: { service: 'wallets', operation: 'openWallet', request: (user_id) => ({ user_id }), passes: status.FAILED_PRECONDITION },
  GetWallet: { service: 'wallets', operation: 'getWallet', request: (user_id) => ({ user_id }), passes: status.OK },
  CreditWallet: { service: 'wallets', operation: 'deposit', request: (user_id) => ({ user_id, amount: 1 }), passes: status.OK },
  DebitWallet: { service: 'wallets', operation: 'withdraw', request: (user_id) => ({ user_id, amount: 1 }), passes: status.OK },
  'ledger Post': {
    ...read('postBatch', (id) => ({ operations: [{ transfer: { ...walletOf(id), to_wallet_id: 'nowhere', amount: 1 } }] })),
    beside: ['money:transfer'],
  },
  'ledger GetOperation': read('getOperation', (id) => ({ ...walletOf(id), request_id: 'hold', keyspace: 'service' })),
  'ledger GetWallet': read('getWallet', walletOf),
  'ledger ListWallets': { ...read('listMyWallets', (owner_id) => ({ owner_id })), foreign: 'forbidden' },
  'ledger GetHistory': read('getHistory', walletOf),
  'ledger GetBalanceAt': read('getBalanceAt', (id) => ({ ...walletOf(id), at: '2100-01-01T00:00:00Z' })),
  'ledger GetStats': read('getStats', walletOf),
  'ledger GetHold': read('getHold', (id) => ({ hold_id: holds.get(id) ?? '1-999999' })),
  'ledger ListHolds': read('listHolds', walletOf),
  'ledger FindOperations': { ...read('findOperations', () => ({})), foreign: 'passes' },
  'ledger FindHolds': { ...read('findHolds', () => ({})), foreign: 'passes' },
  'ledger FindWallets': { ...read('findWallets', () => ({})), foreign: 'passes' },
  'ledger Search': { ...read('search', () => ({ q: 'x' })), foreign: 'passes' },
  'ledger ListEvents': read('listEvents', () => ({})),
  'ledger ListAssets': read('listAssets', () => ({})),
  'ledger AddAsset': read('addAsset', () => ({ code: 'JPY', scale: 0, name: 'Yen', kind: 'currency' })),
  'ledger ChangeAsset': read('changeAsset', () => ({ code: 'POINTS', name: 'Points' })),
  'ledger GetAccount': read('getAccount', () => ({ id: 'treasury' })),
  'ledger GetTrialBalance': read('getTrialBalance', () => ({})),
  'ledger GetBalanceSheet': read('getBalanceSheet', () => ({})),
  'ledger GetIncome': read('getIncome', () => ({})),
  'ledger ListAccounts': read('listAccounts', () => ({})),
  'ledger AddAccount': read('addAccount', () => ({ id: 'revenue:shop', asset: 'USD', type: 'revenue', name: 'Revenue' })),
  'ledger ChangeAccount': read('changeAccount', () => ({ id: 'revenue:shop', name: 'Revenue' })),
};

let platform: Platform;
let clients: Record<Service, ReturnType<typeof outsider>>;
let people: People;
let foreign: Person;

beforeAll(async () => {
  platform = await startPlatform({ mode: 'required' });
  clients = {
    users: outsider(platform.usersAddress, 'user.proto', 'user.UserService'),
    wallets: outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService'),
    ledger: outsider(platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService'),
  };
  people = await peopleOf(platform);
  foreign = await person(platform, 'foreign', 'user');
  for (const { user } of [people.user, foreign]) {
    const funded = await send('CreditWallet', { user_id: user.id, amount: 1000 }, people.admin.authorization);
    expect(funded.status).toBe(status.OK);
    const hold = { ...walletOf(user.id), amount: 1, terms: { request_id: 'hold' } };
    const held = await send('ledger Post', { operations: [{ hold }] }, people.admin.authorization);
    const [{ operation_id = '' } = {}] = (held.message as unknown as { results: { operation_id?: string }[] }).results;
    holds.set(user.id, operation_id);
  }
});
afterAll(async () => {
  clients.users.close();
  clients.wallets.close();
  clients.ledger.close();
  await platform.stop();
});

async function send(name: string, request: object, authorization: string | undefined, metadata: object = {}): Promise<Reply> {
  const { service = 'users' } = calls[name] ?? {};
  return await clients[service].call(name.replace('ledger ', ''), request, {
    metadata: { ...metadata, ...(authorization !== undefined && { authorization }) },
  });
}

const shape = ({ status, details, trailer }: Reply, userId: string) =>
  JSON.stringify({ status, details, code: trailer['coffer-code'], seq: trailer['coffer-seq'] })
    .replaceAll(userId, '…')
    .replaceAll(/\d+-\d+(?=\\")/g, '…');

function compared(seen: string, unseen: string): string {
  return seen === unseen && seen.includes(`"status":${status.NOT_FOUND}`) ? 'as if it were not there' : `${seen} against ${unseen}`;
}

function told(reply: Reply, passes: status): string {
  const code = reply.trailer['coffer-code'];
  if (reply.status === passes) return 'passes';
  if (reply.status === status.UNAUTHENTICATED && code === 'unauthenticated') return 'who are you';
  return reply.status === status.PERMISSION_DENIED && code === 'forbidden' ? 'forbidden' : `status ${reply.status}`;
}

describe.each(Object.entries(calls))('%s', (name, { operation, request, passes, beside, foreign: openly }) => {
  const rule = ruleOf(operation);
  const cells = callers.flatMap((caller) =>
    (['own', 'foreign'] as const).map((target) => {
      const outcome = declared(rule, caller, target);
      return [caller, target, outcome === 'as if it were not there' ? (openly ?? outcome) : outcome] as const;
    }),
  );
  test.each(cells)('%s, %s: %s', async (caller, target, outcome) => {
    const authorization = await authorizationOf(caller, rule, people, platform, beside);
    const userId = target === 'own' ? people.user.user.id : foreign.user.id;
    const reply = await send(name, request(userId), authorization);
    const nobody = newId();
    const hidden = outcome === 'as if it were not there';
    const observed = hidden
      ? compared(shape(reply, userId), shape(await send(name, request(nobody), authorization), nobody))
      : told(reply, passes);
    expect([observed, reply.details]).toEqual([outcome, reply.details]);
  });
});

test('health is public, and the contract is not read from the server', async () => {
  const health = await rawCall(platform.usersAddress, '/grpc.health.v1.Health/Check', Buffer.alloc(5));
  expect(health.status).toBe(status.OK);
  const reflection = await rawCall(platform.usersAddress, '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', Buffer.alloc(5));
  expect(reflection.status).toBe(status.UNIMPLEMENTED);
});

test('an unauthorized caller does not learn what is wrong with the message', async () => {
  const garbage = Buffer.concat([Buffer.from([0, 0, 0, 0, 3]), Buffer.from([255, 255, 255])]);
  const reply = await rawCall(platform.walletsAddress, '/wallet.WalletService/GetWallet', garbage);
  expect(reply).toMatchObject({ status: status.UNAUTHENTICATED, code: 'unauthenticated' });
});

describe('calls between our services', () => {
  test('a user signs up with a wallet because the services authenticate each other', async () => {
    const made = await platform.users.signUp({ email: 'among@example.com', name: 'A', password: 'a good password' });
    expect(made).toHaveProperty('id');
  });

  test('services may make the calls they need from each other, and no others', async () => {
    const internal = `Bearer ${internalCredentialOf(jwtSecret)}`;
    const { id: user_id } = people.user.user;
    expect((await send('GetWallet', { user_id }, internal)).status).toBe(status.OK);
    expect((await send('GetUserById', { id: user_id }, internal)).status).toBe(status.OK);
    expect((await send('CreditWallet', { user_id, amount: 1 }, internal)).status).toBe(status.PERMISSION_DENIED);
    expect((await send('CreateUser', { email: 'x@example.com', name: 'X' }, internal)).status).toBe(status.PERMISSION_DENIED);
  });

  test('while their secret is rotated, both credentials are accepted', () => {
    const [current, previous] = [internalCredentialOf(jwtSecret), internalCredentialOf('the previous secret, of 32 bytes or more')];
    const guard = { access: platform.guard.access, internalCredentials: [current, previous] };
    const call = (credential: string) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${credential}`);
      return admit({ metadata, getPeer: () => '127.0.0.1:1' }, 'getUser', guard);
    };
    for (const credential of [current, previous]) expect(call(credential)).toHaveProperty('principal');
  });

  test('a service of another installation is unauthenticated, and its request counts as not done', async () => {
    for (const credential of [internalCredentialOf('the secret of another installation, 32 bytes'), null]) {
      const stranger = createWalletClient(platform.proxy.address, { credential });
      expect(await stranger.openWallet(newId())).toMatchObject({ status: 'unavailable' });
      expect(await stranger.hasWallet(people.user.user.id)).toBe('unknown');
      stranger.close();
    }
  });
});
