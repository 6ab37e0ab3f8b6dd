import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestIdentity, credentialsWrong, password } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import { newId } from '../kernel/index.ts';
import { demoUsers, seedDemoUsers } from './demo.ts';
import { IdentityOverloaded } from './outages.ts';
import type { User } from './types.ts';

let database: TestIdentity['database'];
let users: TestIdentity['users'];
let sessions: TestIdentity['sessions'];
let signUp: TestIdentity['signUp'];
let login: TestIdentity['login'];
let user: User;

beforeAll(async () => {
  ({ database, users, sessions, signUp, login } = await createTestIdentity());
  await seedDemoUsers(database.pool);
  user = await signUp('jane@example.com');
});

afterAll(async () => {
  await database.drop();
});

async function lastAttempt(): Promise<unknown> {
  const { rows } = await database.pool.query(
    'select user_id, email, success, reason, client_ip, user_agent from identity.login_log order by id desc limit 1',
  );
  return rows[0];
}

describe('logging in', () => {
  test('with e-mail, in any case, and password gives a token for the user, valid for an hour', async () => {
    const session = await login('JANE@example.com');
    expect(session.user).toEqual(user);
    const { sub, iat = 0, exp = 0 } = decodeJwt(session.token);
    expect({ sub, life: exp - iat }).toEqual({ sub: user.id, life: 3_600 });
    expect(session.expiresAt).toEqual(new Date(exp * 1_000));
    expect(await sessions.authenticate(session.token)).toEqual({ user, sessionId: session.sessionId, proved: true, limited: false });
  });

  test('a wrong password and an unknown address get the same answer', async () => {
    await users.create({ email: 'passwordless@example.com', name: 'P' });
    expect(await sessions.login({ email: 'jane@example.com', password: 'wrong password' })).toEqual(credentialsWrong);
    expect(await sessions.login({ email: 'nobody@example.com', password })).toEqual(credentialsWrong);
    expect(await sessions.login({ email: 'passwordless@example.com', password: '' })).toEqual(credentialsWrong);
  });

  test('an unknown address costs the same hash as a wrong password', async () => {
    const attempts = 6;
    const time = async (email: string) => {
      const before = process.cpuUsage();
      for (let attempt = 0; attempt < attempts; attempt++) await sessions.login({ email, password: 'wrong password' });
      const { user: spent } = process.cpuUsage(before);
      return spent / attempts;
    };
    const [known, unknown] = [await time('jane@example.com'), await time('nobody@example.com')];
    // Measures work, not waiting: without the hash it would be a fiftieth.
    expect(unknown).toBeGreaterThan(known / 3);
  });

  test.each(['', 'x', '\0', 'a'.repeat(1_000_000), "' or 1=1 --", 'jane@example.com\0', '\uD800@example.com'])(
    'hostile text as e-mail or password is a wrong credential',
    async (text) => {
      expect(await sessions.login({ email: text, password: text, userAgent: text, clientIp: text })).toEqual(credentialsWrong);
      expect(await sessions.login({ email: 'jane@example.com', password: text })).toEqual(credentialsWrong);
    },
  );

  test('deleted, pending and rolled-back users cannot log in', async () => {
    await users.softDelete(await signUp('gone@example.com'), async () => null);
    expect(await sessions.login({ email: 'gone@example.com', password })).toEqual(credentialsWrong);
    for (const status of ['pending', 'rolled_back']) {
      const { id } = await signUp(`${status}@example.com`);
      await database.pool.query('update identity.users set status = $2 where id = $1', [id, status]);
      expect(await sessions.login({ email: `${status}@example.com`, password })).toEqual(credentialsWrong);
    }
  });

  test('refuses more concurrent logins than can be hashed in time, and serves the others', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => sessions.login({ email: 'jane@example.com', password })));
    const away = answers.filter((answer) => answer.status === 'rejected');
    expect(away.length).toBeGreaterThan(0);
    for (const { reason } of away) expect(reason).toBeInstanceOf(IdentityOverloaded);
    const served = answers.filter((answer) => answer.status === 'fulfilled');
    expect(served.length).toBeGreaterThan(60);
    for (const { value } of served) expect(value).toMatchObject({ user: { id: user.id } });
  });
});

describe('the login log', () => {
  test('records success and failure with address and browser', async () => {
    const caller = { clientIp: '203.0.113.9', userAgent: 'a browser' };
    await sessions.login({ email: 'jane@example.com', password, ...caller });
    const common = { email: 'jane@example.com', client_ip: '203.0.113.9', user_agent: 'a browser' };
    expect(await lastAttempt()).toEqual({ user_id: user.id, success: true, reason: null, ...common });
    await sessions.login({ email: 'jane@example.com', password: 'wrong password', ...caller });
    expect(await lastAttempt()).toEqual({ user_id: user.id, success: false, reason: 'password_wrong', ...common });
    await sessions.login({ email: 'nobody@example.com', password });
    expect(await lastAttempt()).toEqual({
      user_id: null,
      success: false,
      reason: 'user_unknown',
      email: 'nobody@example.com',
      client_ip: null,
      user_agent: null,
    });
  });

  test('never contains a password', async () => {
    await sessions.login({ email: 'jane@example.com', password: 'secret-of-mine' });
    const { rows } = await database.pool.query<{ all: string }>(
      "select coalesce(string_agg(l::text, ''), '') as all from identity.login_log l",
    );
    expect(rows[0]?.all).not.toContain('secret-of-mine');
  });

  test("is read by its owner page by page, newest first, without other users' attempts", async () => {
    const owner = await signUp('log@example.com');
    for (let attempt = 0; attempt < 5; attempt++) await sessions.login({ email: 'log@example.com', password: `wrong ${attempt}` });
    await login('log@example.com');
    await login('jane@example.com');
    const first = await sessions.attempts(owner, { limit: 4 });
    if ('refusal' in first) throw new Error(first.refusal.code);
    expect(first.items.map(({ success }) => success)).toEqual([true, false, false, false]);
    const second = await sessions.attempts(owner, { limit: 4, cursor: first.next ?? '' });
    expect(second).toMatchObject({ items: [{ success: false }, { success: false }], next: null });
    expect(await sessions.attempts(owner, { limit: 4, cursor: 'x' })).toMatchObject({ refusal: { code: 'cursor_invalid' } });
  });

  test('stays in order when its ids gain a digit', async () => {
    const owner = await signUp('digits@example.com');
    await database.pool.query('alter table identity.login_log alter column id restart with 9998');
    for (let attempt = 0; attempt < 4; attempt++) await sessions.login({ email: 'digits@example.com', password: `wrong ${attempt}` });
    const first = await sessions.attempts(owner, { limit: 3 });
    if ('refusal' in first) throw new Error(first.refusal.code);
    expect(first.items.map(({ id }) => id)).toEqual(['10001', '10000', '9999']);
    expect(await sessions.attempts(owner, { limit: 3, cursor: first.next ?? '' })).toMatchObject({ items: [{ id: '9998' }], next: null });
  });
});

describe('the demo login', () => {
  test('admits only Alice and Bob without a password', async () => {
    for (const { id, name } of demoUsers) {
      const session = await sessions.loginDemo(id);
      expect(session).toMatchObject({ user: { id, name } });
      expect(await sessions.authenticate('token' in session ? session.token : '')).toMatchObject({ user: { id } });
    }
    for (const id of [user.id, newId(), '', 'x'])
      expect(await sessions.loginDemo(id)).toMatchObject({ refusal: { code: 'user_not_found' } });
  });
});
