import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestIdentity, jwtSecret, password } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import { newId } from '../kernel/index.ts';
import { Sessions } from './sessions.ts';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await createTestIdentity();
});
afterAll(async () => {
  await identity.database.drop();
});

const byCli = { actor: 'cli', byUser: null, aboutStaff: true, reason: 'reported as stolen' };
const refusal = (code: string) => ({ refusal: { code, facts: {} } });
const tokenInvalid = refusal('token_invalid');

async function changesOf(userId: string): Promise<unknown[]> {
  const { rows } = await identity.database.pool.query<Record<string, unknown>>(
    'select kind, before, after, reason, actor from identity.user_change where user_id = $1 order by id',
    [userId],
  );
  return rows;
}

describe('a session', () => {
  test('is listed with where it began, newest first, until it ends', async () => {
    const user = await identity.signUp('lister@example.com');
    const first = await identity.login('lister@example.com');
    const second = await identity.sessions.login({ email: 'lister@example.com', password, clientIp: '192.0.2.7', userAgent: 'a browser' });
    if ('refusal' in second) throw new Error(second.refusal.code);
    expect(await identity.sessions.list(user)).toMatchObject([
      { id: second.sessionId, clientIp: '192.0.2.7', userAgent: 'a browser' },
      { id: first.sessionId, clientIp: null },
    ]);
    expect(await identity.sessions.end(user, first.sessionId)).toBeNull();
    expect(await identity.sessions.list(user)).toHaveLength(1);
    expect(await identity.sessions.authenticate(first.token)).toEqual(tokenInvalid);
    expect(await identity.sessions.authenticate(second.token)).toMatchObject({ sessionId: second.sessionId });
    expect(await identity.sessions.end(user, first.sessionId)).toEqual(refusal('session_not_found'));
  });

  test('of another user cannot be ended, and looks like one that does not exist', async () => {
    const owner = await identity.signUp('owner@example.com');
    const { sessionId, token } = await identity.login('owner@example.com');
    const other = await identity.signUp('other@example.com');
    expect(await identity.sessions.end(other, sessionId)).toEqual(refusal('session_not_found'));
    expect(await identity.sessions.end(other, newId())).toEqual(refusal('session_not_found'));
    expect(await identity.sessions.endAll(other, null)).toBe(0);
    expect(await identity.sessions.authenticate(token)).toMatchObject({ user: { id: owner.id } });
  });

  test('of staff ends when it is idle, a session of a user does not; a recheck is no use', async () => {
    const impatient = new Sessions({ pool: identity.database.pool, jwtSecret, staffIdleMs: 60_000 });
    const user = await identity.signUp('idle@example.com');
    const { token, sessionId } = await identity.login('idle@example.com');
    const idleFor = async (seconds: number) =>
      await identity.database.pool.query(
        'update identity.session set last_used_at = clock_timestamp() - make_interval(secs => $2) where id = $1',
        [sessionId, seconds],
      );
    await idleFor(61);
    expect(await impatient.authenticate(token)).toMatchObject({ user: { id: user.id } });
    await identity.users.setRole(user.id, 'operator', 'cli');
    await idleFor(50);
    expect(await impatient.authenticate(token, { isUse: false })).toMatchObject({ user: { id: user.id } });
    const idle = async () => {
      const { rows } = await identity.database.pool.query<{ idle: boolean }>(
        "select last_used_at < clock_timestamp() - interval '40 seconds' as idle from identity.session where id = $1",
        [sessionId],
      );
      return rows[0]?.idle;
    };
    expect(await idle()).toBe(true);
    expect(await impatient.authenticate(token)).toMatchObject({ user: { id: user.id } });
    await expect.poll(idle).toBe(false);
    await idleFor(61);
    expect(await impatient.authenticate(token)).toEqual(tokenInvalid);
    expect(await impatient.list(user)).toEqual([]);
  });
});

describe('a suspended user', () => {
  test('cannot log in or use tokens; after the reinstatement can log in, but earlier tokens stay invalid', async () => {
    const user = await identity.signUp('suspended@example.com');
    const { token } = await identity.login('suspended@example.com');
    expect(await identity.users.suspend(user.id, byCli)).toMatchObject({ id: user.id, suspendedAt: expect.any(Date) as Date });
    expect(await identity.sessions.authenticate(token)).toEqual(tokenInvalid);
    expect(await identity.sessions.login({ email: 'suspended@example.com', password })).toEqual(refusal('user_suspended'));
    expect(await identity.sessions.login({ email: 'suspended@example.com', password: 'a wrong password' })).toEqual(
      refusal('credentials_wrong'),
    );
    const attempts = await identity.sessions.attempts(user, { limit: 2 });
    expect(attempts).toMatchObject({ items: [{ reason: 'password_wrong' }, { reason: 'user_suspended', success: false }] });
    await identity.users.reinstate(user.id, { ...byCli, reason: 'the owner called' });
    expect(await identity.sessions.authenticate(token)).toEqual(tokenInvalid);
    expect(await identity.login('suspended@example.com')).toMatchObject({ user: { id: user.id, suspendedAt: null } });
    expect(await changesOf(user.id)).toEqual([
      { kind: 'suspended', before: null, after: null, reason: 'reported as stolen', actor: 'cli' },
      { kind: 'reinstated', before: null, after: null, reason: 'the owner called', actor: 'cli' },
    ]);
  });

  test('is nobody who decides: an operator cannot suspend staff, and nobody can suspend themselves', async () => {
    const operator = await identity.signUp('operator@example.com');
    const colleague = await identity.signUp('colleague@example.com');
    for (const { id } of [operator, colleague]) await identity.users.setRole(id, 'operator', 'cli');
    const byOperator = { actor: `operator:${operator.id}`, byUser: operator.id, aboutStaff: false, reason: 'why not' };
    expect(await identity.users.suspend(colleague.id, byOperator)).toEqual(refusal('staff_protected'));
    expect(await identity.users.suspend(operator.id, byOperator)).toEqual(refusal('own_account'));
    expect(await identity.users.suspend(newId(), byOperator)).toEqual(refusal('user_not_found'));
    expect(await identity.users.suspend(colleague.id, { ...byOperator, aboutStaff: true })).toMatchObject({ id: colleague.id });
  });
});

describe('a role', () => {
  test('is set by id only, and each change leaves a row', async () => {
    const user = await identity.signUp('promoted@example.com');
    expect(await identity.users.setRole('promoted@example.com', 'operator', 'cli')).toEqual(refusal('user_not_found'));
    await identity.users.setRole(user.id.toUpperCase(), 'operator', 'operator:someone');
    await identity.users.setRole(user.id, 'operator', 'cli');
    await identity.users.setRole(user.id, 'user', 'cli');
    expect(await changesOf(user.id)).toEqual([
      { kind: 'role', before: 'user', after: 'operator', reason: null, actor: 'operator:someone' },
      { kind: 'role', before: 'operator', after: 'user', reason: null, actor: 'cli' },
    ]);
    await expect(identity.database.pool.query('delete from identity.user_change')).rejects.toThrow('immutable');
  });

  test('of the last admin stays, and so does the account; two admins who demote each other at once leave one', async () => {
    const one = await identity.signUp('one@example.com');
    const two = await identity.signUp('two@example.com');
    await identity.users.setRole(one.id, 'admin', 'cli');
    expect(await identity.users.setRole(one.id, 'user', 'cli')).toEqual(refusal('last_admin'));
    expect(await identity.users.suspend(one.id, byCli)).toEqual(refusal('last_admin'));
    expect(await identity.users.softDelete(one, async () => null)).toEqual(refusal('last_admin'));
    await identity.users.setRole(two.id, 'admin', 'cli');
    const outcomes = await Promise.all([one, two].map(({ id }) => identity.users.setRole(id, 'user', 'cli')));
    expect(outcomes.filter((outcome) => 'refusal' in outcome)).toEqual([refusal('last_admin')]);
  });
});
