// Authenticator apps and recovery codes, over HTTP in required mode.
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonWithoutSecrets } from '../../packages/coffer/src/kernel/index.ts';
import { FactorWorld, authorizationOf, password, statusesOf } from './world.ts';

let world: FactorWorld;
beforeAll(async () => {
  world = await FactorWorld.start();
});
afterAll(async () => {
  await world.stop();
});

const wrong = { status: 403, body: { code: 'second_factor_wrong' } };
const expired = { status: 401, body: { code: 'ticket_invalid' } };

async function enrolled(email: string) {
  const id = await world.signUp(email);
  const session = await world.session(email);
  const app = await world.enrol(session);
  return { userId: id, session, app };
}

describe('a login with an authenticator app', () => {
  test('takes the password and then a code; a user without factors logs in as before', async () => {
    await world.signUp('plain@example.com');
    expect(Object.keys((await world.login('plain@example.com')).body)).toEqual(['token', 'expiresAt', 'user']);
    const { userId, app } = await enrolled('jane@example.com');
    world.wait(1);
    const asked = await world.login('jane@example.com');
    expect(asked).toMatchObject({ status: 401, body: { code: 'second_factor_required', ways: 'passcode recoveryCode' } });
    expect(asked.body['token']).toBeUndefined();
    expect(asked.headers.get('cache-control')).toBe('no-store');
    const done = await world.finish(String(asked.body['ticket']), { passcode: app.code() });
    expect(done).toMatchObject({ status: 200, body: { user: { id: userId } } });
    expect((await world.call('GET', '/users/me', undefined, authorizationOf(done))).status).toBe(200);
    const logins = await world.call('GET', '/users/me/logins', undefined, authorizationOf(done));
    expect(logins.body['items']).toMatchObject([
      { success: true },
      { success: false, reason: 'second_factor_required' },
      { success: true },
    ]);
  });

  test('uses each code once: not again in its step, not after its confirmation, not before the last one, not twice at once', async () => {
    const { app } = await enrolled('replay@example.com');
    const ticket = await world.ticket('replay@example.com');
    expect(await world.finish(ticket, { passcode: app.code() })).toMatchObject(wrong);
    world.wait(1);
    const [code, before] = [app.code(), app.code(-1)];
    const other = await world.ticket('replay@example.com');
    const both = await Promise.all([ticket, other].map((one) => world.finish(one, { passcode: code })));
    expect(statusesOf(both)).toEqual([200, 403]);
    const third = await world.ticket('replay@example.com');
    for (const passcode of [code, before]) expect(await world.finish(third, { passcode })).toMatchObject(wrong);
  });

  test('allows a clock that is one step off, and no more', async () => {
    const { app } = await enrolled('drift@example.com');
    world.wait(5);
    const ticket = await world.ticket('drift@example.com');
    for (const steps of [-2, 2]) expect(await world.finish(ticket, { passcode: app.code(steps) })).toMatchObject(wrong);
    expect((await world.finish(ticket, { passcode: app.code(-1) })).status).toBe(200);
    expect((await world.finish(await world.ticket('drift@example.com'), { passcode: app.code(1) })).status).toBe(200);
  });

  test('uses its ticket once, for its user only, within five minutes, and not after the sessions were ended', async () => {
    const { userId, app } = await enrolled('ticket@example.com');
    const other = await enrolled('other@example.com');
    world.wait(1);
    const ticket = await world.ticket('ticket@example.com');
    expect(await world.finish(ticket, { passcode: other.app.code() })).toMatchObject(wrong);
    expect((await world.finish(ticket, { passcode: app.code() })).status).toBe(200);
    world.wait(1);
    expect(await world.finish(ticket, { passcode: app.code() })).toMatchObject(expired);
    const late = await world.ticket('ticket@example.com');
    await world.coffer.pool.query('update identity.challenge set expires_at = clock_timestamp() where user_id = $1', [userId]);
    expect(await world.finish(late, { passcode: app.code() })).toMatchObject(expired);
    const ended = await world.ticket('ticket@example.com');
    await world.coffer.product.users.endSessions(userId, { actor: 'cli', byUser: null, aboutStaff: true, reason: 'stolen' });
    expect(await world.finish(ended, { passcode: app.code() })).toMatchObject(expired);
    expect(await world.finish('a guess', { passcode: app.code() })).toMatchObject(expired);
  });

  test('bounds the guesses of codes, and a new login brings no new ones', async () => {
    const { app } = await enrolled('guessed@example.com');
    world.wait(1);
    for (let guess = 0; guess < 5; guess++)
      expect(await world.finish(await world.ticket('guessed@example.com'), { passcode: '000000' })).toMatchObject(wrong);
    const ticket = await world.ticket('guessed@example.com');
    expect(await world.finish(ticket, { passcode: app.code() })).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(await world.finish(ticket, { recoveryCode: app.recoveryCodes[0] })).toMatchObject({ status: 429 });
  });

  test('takes exactly one of passcode, passkey and recoveryCode', async () => {
    const ticket = 'any';
    for (const given of [{}, { passcode: '123456', recoveryCode: 'abcd' }])
      expect(await world.finish(ticket, given)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});

describe('recovery codes', () => {
  test('come with the first factor, work once each in any spelling, and renewed ones replace them', async () => {
    const { session, app } = await enrolled('lost@example.com');
    const [first = '', second = '', third = ''] = app.recoveryCodes;
    expect(new Set(app.recoveryCodes).size).toBe(10);
    expect(first).toMatch(/^[a-z0-9]{4}(-[a-z0-9]{4}){5}$/);
    const back = await world.finish(await world.ticket('lost@example.com'), { recoveryCode: first.replaceAll('-', ' ').toUpperCase() });
    expect(back.status).toBe(200);
    const ticket = await world.ticket('lost@example.com');
    expect(await world.finish(ticket, { recoveryCode: first })).toMatchObject(wrong);
    const both = await Promise.all(
      [1, 2].map(async () => await world.finish(await world.ticket('lost@example.com'), { recoveryCode: second })),
    );
    expect(statusesOf(both)).toEqual([200, 403]);
    expect((await world.call('GET', '/users/me/factors', undefined, session)).body).toMatchObject({ recoveryCodes: 8 });
    const renewed = await world.call('POST', '/users/me/recovery-codes', undefined, session);
    expect(await world.finish(ticket, { recoveryCode: third })).toMatchObject(wrong);
    const [fresh] = renewed.body['recoveryCodes'] as string[];
    expect((await world.finish(ticket, { recoveryCode: fresh })).status).toBe(200);
  });
});

describe('an enrolment', () => {
  test('proves nothing until it is confirmed, within ten minutes, by its user', async () => {
    const userId = await world.signUp('unconfirmed@example.com');
    const session = await world.session('unconfirmed@example.com');
    const begun = await world.call('POST', '/users/me/factors/totp', { name: 'a phone' }, session);
    const path = `/users/me/factors/totp/${String(begun.body['id'])}/confirm`;
    expect((await world.login('unconfirmed@example.com')).status).toBe(200);
    expect(await world.call('POST', path, { passcode: '000000' }, session)).toMatchObject(wrong);
    await world.signUp('somebody@example.com');
    const foreign = await world.session('somebody@example.com');
    const missing = { status: 404, body: { code: 'factor_not_found' } };
    expect(await world.call('POST', path, { passcode: '000000' }, foreign)).toMatchObject(missing);
    await world.coffer.pool.query("update identity.factor set created_at = created_at - interval '10 minutes' where user_id = $1", [
      userId,
    ]);
    expect(await world.call('POST', path, { passcode: '000000' }, session)).toMatchObject(missing);
  });

  test('of the first factor ends the other sessions, and leaves a row; only a sealed secret is stored', async () => {
    const email = 'sealed@example.com';
    const userId = await world.signUp(email);
    const [session, other] = [await world.session(email), await world.session(email)];
    const begun = await world.call('POST', '/users/me/factors/totp', { name: 'an older phone' }, session);
    expect(begun.body['uri']).toContain(`secret=${String(begun.body['secret'])}`);
    await world.enrol(session);
    expect((await world.call('GET', '/users/me', undefined, session)).status).toBe(200);
    expect((await world.call('GET', '/users/me', undefined, other)).status).toBe(401);
    const { rows } = await world.coffer.pool.query<{ sealed: Buffer }>(
      'select sealed_secret as sealed from identity.factor where user_id = $1',
      [userId],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.sealed).toHaveLength(4 + 12 + 20 + 16);
    const changes = await world.coffer.pool.query('select kind, after, actor from identity.user_change where user_id = $1', [userId]);
    expect(changes.rows).toEqual([
      { kind: 'factor_added', after: expect.stringMatching(/^totp [0-9a-f-]{36}$/) as string, actor: `user:${userId}` },
    ]);
  });

  test('is bounded: an account has at most ten factors', async () => {
    const { userId, session } = await enrolled('many@example.com');
    await world.coffer.pool.query(
      `insert into identity.factor (id, user_id, kind, name, sealed_secret, confirmed_at)
       select gen_random_uuid(), $1, 'totp', 'more', '\\x00', now() from generate_series(1, 9)`,
      [userId],
    );
    const begun = await world.call('POST', '/users/me/factors/totp', { name: 'one more' }, session);
    const passcode = new TOTP({ secret: Secret.fromBase32(String(begun.body['secret'])) }).generate({ timestamp: world.nowMs });
    const confirm = `/users/me/factors/totp/${String(begun.body['id'])}/confirm`;
    expect(await world.call('POST', confirm, { passcode }, session)).toMatchObject({ status: 409, body: { code: 'factor_limit' } });
  });
});

test('secrets of a second factor do not enter the audit', async () => {
  const body = { ticket: 'a-ticket', passcode: '123456', recoveryCode: 'abcd-efgh', currentPassword: password };
  expect(jsonWithoutSecrets(body)).toBe('{"ticket":"***","passcode":"***","recoveryCode":"***","currentPassword":"***"}');
});

test('an operator resets the factors of a user who lost them: sessions end, and the password is enough again', async () => {
  const { userId, session, app } = await enrolled('reset@example.com');
  const ticket = await world.ticket('reset@example.com');
  await world.coffer.product.users.resetFactors(userId, { actor: 'cli', reason: 'lost the phone' });
  world.coffer.product.access.forget();
  expect((await world.call('GET', '/users/me', undefined, session)).status).toBe(401);
  expect(await world.finish(ticket, { recoveryCode: app.recoveryCodes[0] })).toMatchObject(expired);
  expect((await world.login('reset@example.com')).status).toBe(200);
  const { rows } = await world.coffer.pool.query(
    'select kind, reason, actor from identity.user_change where user_id = $1 order by id desc',
    [userId],
  );
  expect(rows[0]).toEqual({ kind: 'factors_reset', reason: 'lost the phone', actor: 'cli' });
});
