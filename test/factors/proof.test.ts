// Fresh proofs, and staff who must have a second factor, over HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policy } from '../../packages/coffer/src/gateway/access/index.ts';
import { SoftwareAuthenticator } from '../support/authenticator.ts';
import { FactorWorld, authorizationOf, origin, password, relyingParty, statusesOf } from './world.ts';
import type { Headers } from './world.ts';
import { service } from '../access/world.ts';

const stale = { status: 403, body: { code: 'fresh_proof_required' } };
const limited = { status: 403, body: { code: 'staff_factor_required' } };
const newKey = { name: 'billing', scopes: ['wallets:read'] };

test('what needs a fresh proof, and what staff may do before they have a second factor, is decided here', () => {
  const named = (mark: 'fresh' | 'beforeFactor') =>
    Object.entries(policy)
      .filter(([, rule]) => rule[mark])
      .map(([name]) => name)
      .toSorted();
  expect(named('fresh')).toEqual([
    'addMyPasskey',
    'confirmMyTotp',
    'createKey',
    'createPasswordLink',
    'deleteMe',
    'enrolMyTotp',
    'linkSubject',
    'removeApprovalPolicy',
    'removeMyFactor',
    'renewMyRecoveryCodes',
    'rotateKey',
    'setApprovalPolicy',
    'setUserRole',
    'startMyPasskey',
    'unlinkSubject',
  ]);
  expect(named('beforeFactor')).toEqual([
    'addMyPasskey',
    'confirmMyTotp',
    'endMySession',
    'endMySessions',
    'enrolMyTotp',
    'getMe',
    'listMyFactors',
    'listMySessions',
    'logOut',
    'proveMe',
    'startMyPasskey',
    'startMyProof',
  ]);
});

describe('a session whose proof is older than ten minutes', () => {
  let world: FactorWorld;
  beforeAll(async () => {
    world = await FactorWorld.start();
  });
  afterAll(async () => {
    await world.stop();
  });

  async function staleSession(email: string): Promise<{ userId: string; session: Headers }> {
    const userId = await world.signUp(email, 'admin');
    const session = await world.session(email);
    await world.age(userId, 11);
    return { userId, session };
  }

  test('cannot delete the account, give roles, make keys or enrol a factor; everything else it can', async () => {
    const { userId, session } = await staleSession('stolen@example.com');
    for (const [method, path, body] of [
      ['DELETE', '/users/me', undefined],
      ['PATCH', `/users/${userId}`, { role: 'admin' }],
      ['POST', '/keys', newKey],
      ['POST', '/keys/0000000000000000/rotate', {}],
      ['POST', '/users/me/factors/totp', { name: "the thief's phone" }],
      ['POST', '/users/me/factors/passkey/options', undefined],
      ['POST', '/users/me/recovery-codes', undefined],
      ['PUT', `/users/${userId}/subjects`, { issuer: 'https://evil.test', subject: 'thief' }],
    ] as const)
      expect(await world.call(method, path, body, session)).toMatchObject(stale);
    expect((await world.call('GET', '/keys', undefined, session)).status).toBe(200);
    expect((await world.call('DELETE', '/keys/0000000000000000', undefined, session)).status).toBe(404);
  });

  test('is fresh again with the password, for that session only; guesses are bounded', async () => {
    const { userId, session } = await staleSession('again@example.com');
    const other = await world.session('again@example.com');
    await world.age(userId, 11);
    expect(await world.call('POST', '/auth/proof', { currentPassword: 'wrong' }, session)).toMatchObject({
      status: 403,
      body: { code: 'current_password_wrong' },
    });
    expect((await world.call('POST', '/auth/proof', { currentPassword: password }, session)).status).toBe(200);
    expect((await world.call('POST', '/keys', newKey, session)).status).toBe(201);
    expect(await world.call('POST', '/keys', newKey, other)).toMatchObject(stale);
    for (let guess = 0; guess < 9; guess++) await world.call('POST', '/auth/proof', { currentPassword: 'wrong' }, other);
    expect(await world.call('POST', '/auth/proof', { currentPassword: password }, other)).toMatchObject({ status: 429 });
    const change = { password: 'a password of the thief', currentPassword: password };
    expect(await world.call('PATCH', '/users/me', change, other)).toMatchObject({ status: 429 });
  });

  test('is fresh again only with the second factor, if the user has one', async () => {
    const email = 'factor@example.com';
    const userId = await world.signUp(email, 'admin');
    const session = await world.session(email);
    const app = await world.enrol(session);
    await world.age(userId, 11);
    expect(await world.call('POST', '/auth/proof', { currentPassword: password }, session)).toMatchObject({
      status: 403,
      body: { code: 'factor_proof_required' },
    });
    expect(await world.call('POST', '/auth/proof', { passcode: app.code() }, session)).toMatchObject({
      body: { code: 'second_factor_wrong' },
    });
    expect(await world.call('POST', '/auth/proof', { recoveryCode: app.recoveryCodes[0] }, session)).toMatchObject({ status: 400 });
    world.wait(1);
    expect((await world.call('POST', '/auth/proof', { passcode: app.code() }, session)).status).toBe(200);
    const device = new SoftwareAuthenticator(origin, relyingParty);
    const creation = await world.call('POST', '/users/me/factors/passkey/options', undefined, session);
    const added = await world.call(
      'POST',
      '/users/me/factors/passkey',
      { name: 'a laptop', passkey: device.create(creation.body as { challenge: string }) },
      session,
    );
    expect(added).toMatchObject({ status: 201, body: { recoveryCodes: null } });
    await world.age(userId, 11);
    const options = await world.call('POST', '/auth/proof/passkey-options', undefined, session);
    const passkey = device.get(options.body as { challenge: string });
    expect((await world.call('POST', '/auth/proof', { passkey }, session)).status).toBe(200);
    expect(await world.call('POST', '/auth/proof', { passkey }, session)).toMatchObject({ body: { code: 'second_factor_wrong' } });
    expect((await world.call('POST', '/keys', newKey, session)).status).toBe(201);
  });

  test('is not a matter of API keys', async () => {
    const authorization = await service(world.coffer.product, ['keys:manage', 'wallets:read']);
    expect((await world.call('POST', '/keys', newKey, { authorization })).status).toBe(201);
  });
});

describe('where staff must have a second factor', () => {
  let world: FactorWorld;
  beforeAll(async () => {
    world = await FactorWorld.start({ staffMustHaveFactor: true });
  });
  afterAll(async () => {
    await world.stop();
  });

  test('staff without one can only enrol it, and then do everything; users need none', async () => {
    await world.signUp('user@example.com');
    expect((await world.call('GET', '/wallet', undefined, await world.session('user@example.com'))).status).toBe(200);
    await world.signUp('operator@example.com', 'operator');
    const session = await world.session('operator@example.com');
    for (const [method, path] of [
      ['GET', '/wallet'],
      ['GET', '/users'],
      ['DELETE', '/users/me'],
      ['GET', '/events'],
    ] as const)
      expect(await world.call(method, path, undefined, session)).toMatchObject(limited);
    expect((await world.call('GET', '/users/me', undefined, session)).status).toBe(200);
    await world.enrol(session);
    expect((await world.call('GET', '/users', undefined, session)).status).toBe(200);
  });

  test('a user who becomes staff proves the factor in the session, or enrols one', async () => {
    const promoted = await world.signUp('promoted@example.com');
    const session = await world.session('promoted@example.com');
    await world.coffer.product.users.setRole(promoted, 'operator', 'cli');
    world.coffer.product.access.forget();
    expect(await world.call('GET', '/users', undefined, session)).toMatchObject(limited);
    const app = await world.enrol(session);
    // As a session that began before.
    await world.coffer.pool.query('update identity.session set second_factor_at = null where user_id = $1', [promoted]);
    world.coffer.product.access.forget();
    expect(await world.call('GET', '/users', undefined, session)).toMatchObject(limited);
    world.wait(1);
    expect((await world.call('POST', '/auth/proof', { passcode: app.code() }, session)).status).toBe(200);
    expect((await world.call('GET', '/users', undefined, session)).status).toBe(200);
  });

  test('staff keep their last factor, also against two removals at once; users remove theirs, and then log in without', async () => {
    await world.signUp('keeper@example.com', 'operator');
    const session = await world.session('keeper@example.com');
    const first = await world.enrol(session);
    world.wait(1);
    const second = await world.enrol(session);
    const remove = async ({ id }: { readonly id: string }, by = session) =>
      await world.call('DELETE', `/users/me/factors/${id}`, undefined, by);
    const both = await Promise.all([first, second].map((factor) => remove(factor)));
    expect(statusesOf(both)).toEqual([200, 409]);
    expect(both.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'last_factor' });

    await world.signUp('free@example.com');
    const own = await world.session('free@example.com');
    const app = await world.enrol(own);
    expect(await remove(app)).toMatchObject({ status: 404, body: { code: 'factor_not_found' } });
    expect((await remove(app, own)).status).toBe(200);
    expect((await world.call('GET', '/users/me/factors', undefined, own)).body).toEqual({ items: [], recoveryCodes: 0 });
    expect((await world.login('free@example.com')).status).toBe(200);
  });

  test('a login with the factor is all that staff need', async () => {
    await world.signUp('daily@example.com', 'operator');
    const app = await world.enrol(await world.session('daily@example.com'));
    world.wait(1);
    const done = await world.finish(await world.ticket('daily@example.com'), { passcode: app.code() });
    expect((await world.call('GET', '/users', undefined, authorizationOf(done))).status).toBe(200);
  });
});

test('in open mode nothing changes: no fresh proof, and no second factor for what needs no credentials', async () => {
  const world = await FactorWorld.start({ mode: 'open' });
  const userId = await world.signUp('open@example.com', 'admin');
  await world.signUp('other@example.com', 'admin');
  const session = await world.session('open@example.com');
  await world.age(userId, 60);
  expect((await world.call('POST', '/keys', newKey, session)).status).toBe(201);
  expect((await world.call('DELETE', '/users/me', undefined, session)).status).toBe(200);
  await world.stop();
});
