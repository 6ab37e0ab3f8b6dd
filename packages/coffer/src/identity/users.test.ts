import { argon2Sync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestIdentity, password } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import { newId } from '../kernel/index.ts';
import { demoUsers, seedDemoUsers } from './demo.ts';
import type { User } from './types.ts';

let database: TestIdentity['database'];
let users: TestIdentity['users'];
let sessions: TestIdentity['sessions'];
let signUp: TestIdentity['signUp'];
const opened: string[] = [];
const closesAll = async () => null;

/** As earlier versions hashed: the text as it was typed. */
function hashOf(text: string): string {
  const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
  const salt = randomBytes(16);
  const tag = argon2Sync('argon2id', { message: text, nonce: salt, ...cost });
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`;
}

beforeAll(async () => {
  const openWallet = async (userId: string) => {
    opened.push(userId);
    return { status: 'opened' } as const;
  };
  ({ database, users, sessions, signUp } = await createTestIdentity({ openWallet, hasWallet: async () => true }));
});

afterAll(async () => {
  await database.drop();
});

describe('the seed', () => {
  test('creates Alice and Bob with their numbers, once; the next user is number 4', async () => {
    await seedDemoUsers(database.pool);
    await seedDemoUsers(database.pool);
    const { rows } = await database.pool.query('select id, number, name, status, email from identity.users order by number');
    expect(rows).toEqual([
      { id: '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32', number: 2, name: 'Alice', status: 'active', email: null },
      { id: 'b55709be-d0f6-467e-942c-cc04155ad54c', number: 3, name: 'Bob', status: 'active', email: null },
    ]);
    expect((await signUp('first@example.com')).number).toBe(4);
  });

  test('does not restore a deleted demo user', async () => {
    const bob = await users.get(demoUsers[1].id);
    await users.softDelete(bob as User, closesAll);
    await seedDemoUsers(database.pool);
    expect(await users.get(demoUsers[1].id)).toMatchObject({ refusal: { code: 'user_not_found' } });
  });
});

describe('signing up', () => {
  test('creates an active user with a password, whose wallet was opened', async () => {
    const user = await signUp('jane@example.com');
    expect(user).toMatchObject({ email: 'jane@example.com', name: 'Jane Doe', hasPassword: true });
    expect(opened).toContain(user.id);
    expect(await users.get(user.id)).toEqual(user);
  });

  test('accepts a long phrase, and a password whose characters are composed differently at the next login', async () => {
    const composed = 'caf\u00e9 au lait \u2163';
    await users.signUp({ email: 'composed@example.com', name: 'C', password: composed });
    const typed = { email: 'composed@example.com', password: 'cafe\u0301 au lait IV' };
    expect(await sessions.login(typed)).toHaveProperty('token');
    // A hash of an earlier version is of the text as it was typed.
    const raw = hashOf('cafe\u0301 au lait');
    await database.pool.query("update identity.users set password_hash = $1 where email = 'composed@example.com'", [raw]);
    expect(await sessions.login({ ...typed, password: 'cafe\u0301 au lait' })).toHaveProperty('token');
  });

  test('stores the password as an argon2id hash and never in clear text', async () => {
    const user = await signUp('hash@example.com');
    const { rows } = await database.pool.query<{ row: string }>('select u::text as row from identity.users u where id = $1', [user.id]);
    expect(rows[0]?.row).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(rows[0]?.row).not.toContain(password);
  });

  test('with a taken address uses no account number', async () => {
    const before = await signUp('number@example.com');
    expect(await users.create({ email: 'NUMBER@example.com', name: 'N' })).toMatchObject({ refusal: { code: 'email_taken' } });
    expect((await signUp('number2@example.com')).number).toBe(before.number + 1);
  });

  test.each([
    ['12345678901', 'password_too_short'],
    ['😀😀😀😀😀😀😀😀😀😀😀', 'password_too_short'],
    // Twelve code points, but eleven characters once it is normalised.
    ['e\u0301lephants..', 'password_too_short'],
    ['Administrator', 'password_common'],
    ['1qaz2wsx3edc', 'password_common'],
    ['passwordpassword', 'password_common'],
    ['aaaabbbbccccdddd', 'password_common'],
    ['abcdefghijklmno', 'password_common'],
    ['bad@example.com', 'password_common'],
    // Words of the product and of the owner add nothing.
    ['Coffer-Wallet-2026', 'password_common'],
    ['Bartholomew1234', 'password_common'],
    ['x'.repeat(513), 'password_too_long'],
  ])('with the password %j is refused', async (bad, code) => {
    expect(await users.signUp({ email: 'bad@example.com', name: 'B Bartholomew', password: bad })).toMatchObject({ refusal: { code } });
  });
});

describe('updating', () => {
  test('changes name and e-mail, and no other fields', async () => {
    const user = await signUp('update@example.com');
    const hostile = {
      name: 'New Name',
      id: newId(),
      number: 1,
      role: 'admin',
      status: 'rolled_back',
      passwordHash: 'x',
      deletedAt: new Date(),
    };
    const changed = await users.update(user, hostile);
    expect(changed).toMatchObject({
      id: user.id,
      number: user.number,
      name: 'New Name',
      role: 'user',
      email: 'update@example.com',
      hasPassword: true,
    });
    expect(await users.update(user, { email: 'Moved@example.com', currentPassword: password })).toMatchObject({
      email: 'Moved@example.com',
      name: 'New Name',
    });
  });

  test("to a taken address is refused; to another spelling of the user's own address it is not", async () => {
    const [one] = [await signUp('one@example.com'), await signUp('two@example.com')];
    expect(await users.update(one, { email: 'TWO@example.com', currentPassword: password })).toMatchObject({
      refusal: { code: 'email_taken' },
    });
    expect(await users.update(one, { email: 'ONE@example.com', currentPassword: password })).toMatchObject({ email: 'ONE@example.com' });
  });

  test('of e-mail or password requires the current password, if there is one; a change of name does not', async () => {
    const user = await signUp('careful@example.com');
    for (const change of [{ email: 'other@example.com' }, { password: 'another good password' }]) {
      for (const currentPassword of [undefined, '', 'a wrong guess', `${password} `])
        expect(await users.update(user, { ...change, currentPassword })).toMatchObject({ refusal: { code: 'current_password_wrong' } });
    }
    expect(await users.update(user, { name: 'Careful' })).toMatchObject({ name: 'Careful', email: 'careful@example.com' });
    expect(await users.update(user, { password: 'another good password', currentPassword: password })).toMatchObject({ id: user.id });
    // Its rules also hold against the address that stays.
    const current = { currentPassword: 'another good password' };
    expect(await users.update(user, { password: 'careful@example.com', ...current })).toMatchObject({
      refusal: { code: 'password_common' },
    });
    const made = await users.create({ email: 'passwordless@example.com', name: 'P' });
    if ('refusal' in made) throw new Error(made.refusal.code);
    expect(await users.update(made, { password })).toMatchObject({ hasPassword: true });
    expect(await users.update(made, { password })).toMatchObject({ refusal: { code: 'current_password_wrong' } });
  });

  test.each([
    [{}, 'nothing_to_update'],
    [{ name: '' }, 'name_invalid'],
    [{ email: 'x' }, 'email_invalid'],
    [{ password: 'short' }, 'password_too_short'],
  ])('with %j is refused', async (change, code) => {
    const user = await signUp(`refused-${code}@example.com`);
    expect(await users.update(user, change)).toMatchObject({ refusal: { code } });
  });
});

describe('deleting', () => {
  test('is refused while a wallet cannot be closed', async () => {
    const user = await signUp('funded@example.com');
    const obstacle = { code: 'wallet_not_empty' };
    expect(await users.softDelete(user, async () => obstacle)).toEqual({ obstacle });
    expect(await users.get(user.id)).toMatchObject({ id: user.id });
  });

  test('keeps the row and frees the address for a new account', async () => {
    const old = await signUp('again@example.com');
    expect(await users.softDelete(old, closesAll)).not.toHaveProperty('refusal');
    expect(await users.get(old.id)).toMatchObject({ refusal: { code: 'user_not_found' } });
    expect(await users.softDelete(old, closesAll)).toMatchObject({ refusal: { code: 'user_not_found' } });
    expect(await users.update(old, { name: 'Ghost' })).toMatchObject({ refusal: { code: 'user_not_found' } });

    const fresh = await signUp('again@example.com');
    expect(fresh.id).not.toBe(old.id);
    expect(fresh.number).not.toBe(old.number);
    const { rowCount } = await database.pool.query("select from identity.users where email = 'again@example.com'");
    expect(rowCount).toBe(2);
  });
});

describe('listing', () => {
  test('lists all living users page by page, newest first, each once', async () => {
    const gone = await signUp('gone@example.com');
    await users.softDelete(gone, closesAll);
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await users.list({ limit: 3, cursor });
      if ('refusal' in page) throw new Error(page.refusal.code);
      seen.push(...page.items.map(({ number }) => number));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    const { rows } = await database.pool.query<{ number: number }>(
      "select number from identity.users where deleted_at is null and status = 'active' order by number desc",
    );
    expect(seen).toEqual(rows.map(({ number }) => number));
    expect(seen).not.toContain(gone.number);
  });

  test.each(['', 'x', '-1', '1e3', '9'.repeat(20)])('a forged cursor is refused: %j', async (cursor) => {
    expect(await users.list({ limit: 3, cursor })).toMatchObject({ refusal: { code: 'cursor_invalid' } });
  });
});

test.each(['', 'x', '%', "' or true --", '\0', '0f6d220d-61fa-4be7-b0a2-e05dbd9aee3g'])('an invalid id finds no user: %j', async (id) => {
  expect(await users.get(id)).toMatchObject({ refusal: { code: 'user_not_found' } });
});
