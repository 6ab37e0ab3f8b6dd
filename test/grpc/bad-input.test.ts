// No input from a caller is answered with UNKNOWN or INTERNAL, and no bad input moves money.
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import { rounds } from '../support/rounds.ts';
import { framed, outsider, rawCall } from './outsider.ts';
import type { RawReply } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

let platform: Platform;
let userId = '';
const logged: string[] = [];
const calls: [address: () => string, path: string][] = [
  [() => platform.usersAddress, '/user.UserService/CreateUser'],
  [() => platform.usersAddress, '/user.UserService/GetUserById'],
  [() => platform.walletsAddress, '/wallet.WalletService/CreateWallet'],
  [() => platform.walletsAddress, '/wallet.WalletService/GetWallet'],
  [() => platform.walletsAddress, '/wallet.WalletService/CreditWallet'],
  [() => platform.walletsAddress, '/wallet.WalletService/DebitWallet'],
  ...['Post', 'GetOperation', 'GetWallet', 'GetHistory', 'GetBalanceAt', 'GetStats', 'GetHold', 'ListHolds'].map(
    (name): [() => string, string] => [() => platform.walletsAddress, `/ledger.LedgerService/${name}`],
  ),
];
/** Calls that need no field of their message, and streams. */
const others: [address: () => string, path: string][] = [
  [() => platform.walletsAddress, '/ledger.LedgerService/PostStream'],
  [() => platform.walletsAddress, '/ledger.LedgerService/ListWallets'],
  [() => platform.walletsAddress, '/ledger.LedgerService/ListEvents'],
  [() => platform.walletsAddress, '/ledger.LedgerService/ListAssets'],
  [() => platform.usersAddress, '/grpc.health.v1.Health/Check'],
  [() => platform.usersAddress, '/grpc.health.v1.Health/Watch'],
  [() => platform.usersAddress, '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'],
  [() => platform.usersAddress, '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo'],
];
const runs = rounds(50, 15);
const credit = '/wallet.WalletService/CreditWallet';

beforeAll(async () => {
  const log = createLog({ level: 'error', pretty: false, destination: { write: (line: string) => void logged.push(line) } });
  platform = await startPlatform({ log });
  const users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  userId = (await users.call('CreateUser', { email: 'victim@example.com', name: 'V' })).message?.['id'] ?? '';
  users.close();
  const wallets = outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
  await wallets.call('CreditWallet', { user_id: userId, amount: 1_000 });
  wallets.close();
});

afterAll(async () => {
  await platform.stop();
});

let before = '';
beforeEach(async () => {
  before = await state();
});
afterEach(async () => {
  expect(await state()).toBe(before);
  expect(logged).toEqual([]);
});

/** Everything that a bad request could change. */
async function state(): Promise<string> {
  const { rows } = await platform.database.pool.query<{ state: string }>(
    'select (select count(*) from ledger.entry) || $1 || (select count(*) from identity.users) as state',
    [' entries, users '],
  );
  return rows[0]?.state ?? '';
}

/** Success, or an answer that a client cannot understand. */
const notRefused: ReadonlySet<number | null> = new Set<number | null>([status.OK, null]);
/** Statuses that mean a server fault. */
const faults: ReadonlySet<number | null> = new Set<number>([status.UNKNOWN, status.INTERNAL, status.DATA_LOSS]);

function expectRefused(reply: RawReply): void {
  expect({ ...reply, refused: !faults.has(reply.status) && !notRefused.has(reply.status) }).toMatchObject({
    refused: true,
  });
}

function expectNoFault(reply: RawReply): void {
  expect({ ...reply, faulty: faults.has(reply.status) }).toMatchObject({ faulty: false });
}

describe.each(calls)('%s %s', (address, path) => {
  test('random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        expectRefused(await rawCall(address(), path, framed(bytes)));
      }),
      { numRuns: runs },
    );
  });

  test('text that is not UTF-8', async () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
      const text = [bytes.length, ...bytes];
      // The first field of a PostRequest is not text; the wallet id of a deposit is.
      const message = path.endsWith('/Post') ? [0x12, text.length + 3, 0x12, text.length + 1, 0x1a, ...text] : [0x0a, ...text];
      const reply = await rawCall(address(), path, framed(Buffer.from(message)));
      expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, code: 'message_malformed' });
    }
  });

  test('truncated messages, and lengths beyond the end of the message', async () => {
    for (const bytes of [
      [0x0a],
      [0x0a, 5, 65],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [0x08],
      [0x10, 0x80],
      [0x11, 1, 2],
      [0x1d, 1],
      [0x00],
      [0x0b],
      [0x0f],
      Array.from({ length: 11 }, () => 0xff),
    ]) {
      const reply = await rawCall(address(), path, framed(Buffer.from(bytes)));
      expect({ bytes, ...reply }).toMatchObject({ status: status.INVALID_ARGUMENT, code: 'message_malformed' });
    }
  });

  test('invalid frames', async () => {
    const id = Buffer.concat([Buffer.from([0x0a, 36]), Buffer.from(userId)]);
    expectRefused(await rawCall(address(), path, Buffer.alloc(0)));
    expectRefused(await rawCall(address(), path, Buffer.concat([framed(id), framed(id)])));
    expectNoFault(await rawCall(address(), path, framed(id, { length: 1_000 })));
    expectRefused(await rawCall(address(), path, framed(Buffer.from('no gzip'), { compressed: 1 }), { 'grpc-encoding': 'gzip' }));
    expectRefused(await rawCall(address(), path, framed(id, { compressed: 1 }), { 'grpc-encoding': 'rot13' }));
    expectRefused(await rawCall(address(), path, framed(id), { 'grpc-timeout': 'soon' }));
    expectNoFault(await rawCall(address(), path, framed(Buffer.alloc(0)), { 'grpc-timeout': '0n' }));
  });

  test('more than a mebibyte', async () => {
    const reply = await rawCall(address(), path, framed(Buffer.alloc(1_048_577, 0x61)));
    expect(reply.status).toBe(status.RESOURCE_EXHAUSTED);
    const claimed = await rawCall(address(), path, framed(Buffer.from('a'), { length: 0xff_ff_ff_ff }));
    expect(claimed.status).toBe(status.RESOURCE_EXHAUSTED);
  });
});

describe.each(others)('%s %s', (address, path) => {
  test('random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        expectNoFault(await rawCall(address(), path, framed(bytes), { 'grpc-timeout': '100m' }));
      }),
      { numRuns: runs },
    );
  });
});

test('calls and services that do not exist are UNIMPLEMENTED', async () => {
  for (const path of [
    '/wallet.WalletService/Mint',
    '/wallet.WalletService/',
    '/nothing',
    '/',
    '/user.UserService/CreateUser/x',
    `/${'a'.repeat(5_000)}`,
  ]) {
    expect(await rawCall(platform.walletsAddress, path, framed(Buffer.alloc(0)))).toMatchObject({ status: status.UNIMPLEMENTED });
  }
});

test('a content type that is not gRPC is refused with an HTTP status', async () => {
  expect(await rawCall(platform.walletsAddress, credit, Buffer.from('{}'), { 'content-type': 'application/json' })).toMatchObject({
    http: 415,
    status: null,
  });
});

test.each([
  ['two values', ['a', 'b']],
  ['the same value twice', ['a', 'a']],
  ['two values in one', 'a, b'],
  ['no text', ''],
  ['129 characters', 'k'.repeat(129)],
])('an idempotency key of %s is refused', async (_what, key) => {
  const request = Buffer.concat([Buffer.from([0x0a, 36]), Buffer.from(userId), Buffer.from([0x10, 1])]);
  for (const call of [credit, '/wallet.WalletService/DebitWallet']) {
    const reply = await rawCall(platform.walletsAddress, call, framed(request), { 'idempotency-key': key });
    expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, code: 'idempotency_key_invalid' });
  }
});

test('any text in any field that makes the request invalid', async () => {
  const wallets = outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
  const users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '%00',
      '\u202Eevil',
      '$treasury/3',
      '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32.USD',
      'ﬀ'.repeat(300),
    ),
  );
  await fc.assert(
    fc.asyncProperty(hostile, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), async (text, amount) => {
      const replies = [
        await wallets.call('CreditWallet', { user_id: text, amount: String(amount) }),
        await wallets.call('DebitWallet', { user_id: text, amount: String(amount) }),
        await wallets.call('CreditWallet', { user_id: userId, amount: String(-(amount < 0n ? -amount : amount)) }),
        await users.call('CreateUser', { email: text, name: text }),
        await users.call('GetUserById', { id: text }),
      ];
      for (const reply of replies) expect(reply.status).toBe(status.INVALID_ARGUMENT);
    }),
    { numRuns: runs },
  );
  wallets.close();
  users.close();
});
