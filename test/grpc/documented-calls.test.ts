import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outsider } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const nobody = '01890000-0000-7000-8000-000000000000';

let platform: Platform;
let users: ReturnType<typeof outsider>;
let wallets: ReturnType<typeof outsider>;

beforeAll(async () => {
  platform = await startPlatform();
  users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  wallets = outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
});

afterAll(async () => {
  users.close();
  wallets.close();
  await platform.stop();
});

async function newUser(email: string): Promise<string> {
  const created = await users.call('CreateUser', { email, name: 'Somebody' });
  expect(created.details).toBe('OK');
  return created.message?.['id'] ?? '';
}

describe('the documented flow', () => {
  test('create a user, find the user, see the wallet appear, credit it, debit it', async () => {
    const created = await users.call('CreateUser', { email: 'jane@example.com', name: 'Jane Doe' });
    expect(created).toMatchObject({ status: status.OK, message: { email: 'jane@example.com', name: 'Jane Doe' } });
    expect(created.message?.['id']).toMatch(uuid);
    expect(created.message?.['created_at']).toMatch(isoTime);
    const id = created.message?.['id'] ?? '';

    const found = await users.call('GetUserById', { id });
    expect(found).toMatchObject({ status: status.OK, message: created.message });

    const opened = await wallets.call('GetWallet', { user_id: id });
    expect(opened).toMatchObject({ status: status.OK, message: { user_id: id, balance: '0' } });
    expect(opened.message?.['created_at']).toMatch(isoTime);

    const credited = await wallets.call('CreditWallet', { user_id: id, amount: 500 });
    expect(credited).toMatchObject({ status: status.OK, message: { ...opened.message, balance: '500' } });

    const debited = await wallets.call('DebitWallet', { user_id: id, amount: 200 });
    expect(debited).toMatchObject({ status: status.OK, message: { ...opened.message, balance: '300' } });

    const final = await wallets.call('GetWallet', { user_id: id });
    expect(final).toMatchObject({ status: status.OK, message: { ...opened.message, balance: '300' } });
  });

  test('a user id is accepted in upper and lower case', async () => {
    const id = await newUser('case@example.com');
    await wallets.call('CreditWallet', { user_id: id.toUpperCase(), amount: 5 });
    expect(await users.call('GetUserById', { id: id.toUpperCase() })).toMatchObject({ message: { id } });
    expect(await wallets.call('GetWallet', { user_id: id.toUpperCase() })).toMatchObject({ message: { user_id: id, balance: '5' } });
  });
});

describe('refusals', () => {
  test('a second user with the e-mail address of an existing one, in any case, is ALREADY_EXISTS', async () => {
    await newUser('taken@example.com');
    for (const email of ['taken@example.com', 'Taken@Example.COM']) {
      const again = await users.call('CreateUser', { email, name: 'Other' });
      expect(again).toMatchObject({ status: status.ALREADY_EXISTS, trailer: { 'coffer-code': 'email_taken' } });
    }
  });

  test('one of twenty concurrent requests for the same address succeeds', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => users.call('CreateUser', { email: 'race@example.com', name: 'R' })));
    expect(replies.filter((reply) => reply.status === status.OK)).toHaveLength(1);
    expect(replies.filter((reply) => reply.status === status.ALREADY_EXISTS)).toHaveLength(19);
  });

  test.each([
    ['no e-mail', { name: 'Jane' }, 'email_invalid'],
    ['no @', { email: 'jane', name: 'Jane' }, 'email_invalid'],
    ['two @', { email: 'a@b@example.com', name: 'Jane' }, 'email_invalid'],
    ['spaces around', { email: ' jane@example.com ', name: 'Jane' }, 'email_invalid'],
    ['a host without a dot', { email: 'jane@localhost', name: 'Jane' }, 'email_invalid'],
    ['a NUL in the e-mail', { email: 'ja\0ne@example.com', name: 'Jane' }, 'email_invalid'],
    ['a letter that only looks like a', { email: 'j\u0430ne@example.com', name: 'Jane' }, 'email_invalid'],
    [
      'an e-mail of 255 characters',
      { email: `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(11)}`, name: 'J' },
      'email_invalid',
    ],
    ['an e-mail of a megabyte', { email: `${'a'.repeat(900_000)}@example.com`, name: 'Jane' }, 'email_invalid'],
    ['no name', { email: 'v1@example.com' }, 'name_invalid'],
    ['a name of spaces', { email: 'v2@example.com', name: '   ' }, 'name_invalid'],
    ['a NUL in the name', { email: 'v3@example.com', name: 'Ja\0ne' }, 'name_invalid'],
    ['a name of 201 characters', { email: 'v4@example.com', name: 'J'.repeat(201) }, 'name_invalid'],
  ])('CreateUser with %s is INVALID_ARGUMENT', async (_what, request, code) => {
    const reply = await users.call('CreateUser', request);
    expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': code } });
  });

  test('the longest name of the widest characters is stored unchanged', async () => {
    const name = '😀'.repeat(200);
    expect(await users.call('CreateUser', { email: 'wide@example.com', name })).toMatchObject({ message: { name } });
  });

  test.each(['', 'abc', '1', "' or 1=1 --", nobody.slice(1), `${nobody}0`, `{${nobody}}`])(
    'an id that is not a UUID is INVALID_ARGUMENT: %j',
    async (id) => {
      const refused = { status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'user_id_invalid' } };
      expect(await users.call('GetUserById', { id })).toMatchObject(refused);
      expect(await wallets.call('CreateWallet', { user_id: id })).toMatchObject(refused);
      expect(await wallets.call('GetWallet', { user_id: id })).toMatchObject(refused);
      expect(await wallets.call('CreditWallet', { user_id: id, amount: 1 })).toMatchObject(refused);
      expect(await wallets.call('DebitWallet', { user_id: id, amount: 1 })).toMatchObject(refused);
    },
  );

  test('an unknown user or wallet is NOT_FOUND', async () => {
    const unknownUser = { status: status.NOT_FOUND, trailer: { 'coffer-code': 'user_not_found' } };
    const unknownWallet = { status: status.NOT_FOUND, trailer: { 'coffer-code': 'wallet_not_found' } };
    expect(await users.call('GetUserById', { id: nobody })).toMatchObject(unknownUser);
    expect(await wallets.call('CreateWallet', { user_id: nobody })).toMatchObject(unknownUser);
    expect(await wallets.call('GetWallet', { user_id: nobody })).toMatchObject(unknownWallet);
    expect(await wallets.call('CreditWallet', { user_id: nobody, amount: 1 })).toMatchObject(unknownWallet);
    expect(await wallets.call('DebitWallet', { user_id: nobody, amount: 1 })).toMatchObject(unknownWallet);
  });

  test('a second wallet is FAILED_PRECONDITION, and the first is unchanged', async () => {
    const id = await newUser('second@example.com');
    await wallets.call('CreditWallet', { user_id: id, amount: 7 });
    const again = await wallets.call('CreateWallet', { user_id: id });
    expect(again).toMatchObject({ status: status.FAILED_PRECONDITION, trailer: { 'coffer-code': 'wallet_exists' } });
    expect(await wallets.call('GetWallet', { user_id: id })).toMatchObject({ message: { balance: '7' } });
  });

  test('a debit beyond the balance is FAILED_PRECONDITION, and nothing moves', async () => {
    const id = await newUser('short@example.com');
    await wallets.call('CreditWallet', { user_id: id, amount: 100 });
    const over = await wallets.call('DebitWallet', { user_id: id, amount: 101 });
    expect(over).toMatchObject({ status: status.FAILED_PRECONDITION, trailer: { 'coffer-code': 'insufficient_funds' } });
    expect(over.details).toContain('100');
    expect(await wallets.call('DebitWallet', { user_id: id, amount: 100 })).toMatchObject({ message: { balance: '0' } });
  });

  test.each(['0', '-1', '-9223372036854775808'])('an amount of %s is INVALID_ARGUMENT, and nothing moves', async (amount) => {
    const id = await newUser(`amount${amount}@example.com`);
    await wallets.call('CreditWallet', { user_id: id, amount: 10 });
    const refused = { status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'amount_invalid' } };
    expect(await wallets.call('CreditWallet', { user_id: id, amount })).toMatchObject(refused);
    expect(await wallets.call('DebitWallet', { user_id: id, amount })).toMatchObject(refused);
    expect(await wallets.call('GetWallet', { user_id: id })).toMatchObject({ message: { balance: '10' } });
  });
});

describe('amounts', () => {
  test.each(['9007199254740993', '2147483648', '9223372036854775807'])('%s arrives and comes back exactly', async (amount) => {
    const id = await newUser(`exact${amount}@example.com`);
    expect(await wallets.call('CreditWallet', { user_id: id, amount })).toMatchObject({ message: { balance: amount } });
    expect(await wallets.call('GetWallet', { user_id: id })).toMatchObject({ message: { balance: amount } });
    expect(await wallets.call('DebitWallet', { user_id: id, amount })).toMatchObject({ message: { balance: '0' } });
  });

  test('a balance over int64 is OUT_OF_RANGE, and the error includes the position of the completed credit', async () => {
    const id = await newUser('rich@example.com');
    await wallets.call('CreditWallet', { user_id: id, amount: '9223372036854775807' });
    const over = await wallets.call('CreditWallet', { user_id: id, amount: 1 });
    expect(over).toMatchObject({
      status: status.OUT_OF_RANGE,
      trailer: { 'coffer-code': 'posted_balance_exceeds_int64' },
    });
    expect(over.trailer['coffer-seq']).toMatch(/^\d+$/);
    expect(over.details).toContain('The operation was done');
    expect(await wallets.call('GetWallet', { user_id: id })).toMatchObject({
      status: status.OUT_OF_RANGE,
      trailer: { 'coffer-code': 'balance_exceeds_int64' },
    });
    expect((await platform.queries.walletOf(id))?.balance).toBe(9_223_372_036_854_775_808n);
    expect(await wallets.call('DebitWallet', { user_id: id, amount: 2 })).toMatchObject({ message: { balance: '9223372036854775806' } });
  });
});

describe('idempotency keys', () => {
  test('a repeated key with the same content gets the first answer and has one effect, also in twenty concurrent requests', async () => {
    const id = await newUser('idem@example.com');
    const metadata = { 'idempotency-key': 'order 1; part 2' };
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => wallets.call('CreditWallet', { user_id: id, amount: 100 }, { metadata })),
    );
    const [first] = replies;
    for (const reply of replies) {
      expect(reply).toMatchObject({
        status: status.OK,
        message: first?.message,
        trailer: { 'idempotency-key': 'order 1; part 2', 'coffer-seq': first?.trailer['coffer-seq'] },
      });
    }
    expect(replies.filter((reply) => reply.trailer['idempotency-replayed'] === 'false')).toHaveLength(1);
    expect(await wallets.call('GetWallet', { user_id: id })).toMatchObject({ message: { balance: '100' } });
  });

  test('the same key with other content is FAILED_PRECONDITION; for another wallet it is a different key', async () => {
    const [one, two] = [await newUser('key1@example.com'), await newUser('key2@example.com')];
    const metadata = { 'idempotency-key': 'k' };
    await wallets.call('CreditWallet', { user_id: one, amount: 100 }, { metadata });
    const reused = await wallets.call('CreditWallet', { user_id: one, amount: 101 }, { metadata });
    expect(reused).toMatchObject({ status: status.FAILED_PRECONDITION, trailer: { 'coffer-code': 'idempotency_key_reused' } });
    expect(await wallets.call('CreditWallet', { user_id: two, amount: 101 }, { metadata })).toMatchObject({ message: { balance: '101' } });
  });

  test('a refusal is stored under its key', async () => {
    const id = await newUser('remember@example.com');
    const metadata = { 'idempotency-key': 'd1' };
    expect(await wallets.call('DebitWallet', { user_id: id, amount: 1 }, { metadata })).toMatchObject({
      status: status.FAILED_PRECONDITION,
      trailer: { 'idempotency-replayed': 'false' },
    });
    await wallets.call('CreditWallet', { user_id: id, amount: 100 });
    const again = await wallets.call('DebitWallet', { user_id: id, amount: 1 }, { metadata });
    expect(again).toMatchObject({
      status: status.FAILED_PRECONDITION,
      trailer: { 'coffer-code': 'insufficient_funds', 'idempotency-replayed': 'true' },
    });
  });

  test('two credits without a key both take effect, each under a new key that the answer names', async () => {
    const id = await newUser('keyless@example.com');
    const [one, two] = [
      await wallets.call('CreditWallet', { user_id: id, amount: 1 }),
      await wallets.call('CreditWallet', { user_id: id, amount: 1 }),
    ];
    expect(two).toMatchObject({ message: { balance: '2' }, trailer: { 'idempotency-replayed': 'false' } });
    expect(one.trailer['idempotency-key']).not.toBe(two.trailer['idempotency-key']);
    expect(Number(two.trailer['coffer-seq'])).toBeGreaterThan(Number(one.trailer['coffer-seq']));
  });

  test.each(['', 'k'.repeat(129)])('an invalid key is INVALID_ARGUMENT: %j', async (key) => {
    const id = await newUser(`badkey${key.length}@example.com`);
    const reply = await wallets.call('CreditWallet', { user_id: id, amount: 1 }, { metadata: { 'idempotency-key': key } });
    expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'idempotency_key_invalid' } });
    expect(await wallets.call('GetWallet', { user_id: id })).toMatchObject({ message: { balance: '0' } });
  });
});
