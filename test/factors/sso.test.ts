// Tokens of another issuer: subjects that are linked to users, their end, their freshness, and their second factor.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FactorWorld } from './world.ts';
import type { Headers } from './world.ts';

const issuer = 'https://login.example.com';
const audience = 'coffer-test';
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let keyServer: http.Server;
let world: FactorWorld;
let admin: Headers;
beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), alg: 'ES256', use: 'sig' };
  keyServer = http.createServer((_request, answer) =>
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
  );
  keyServer.listen(0, '127.0.0.1');
  await once(keyServer, 'listening');
  const jwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
  world = await FactorWorld.start({ issuer: { jwksUrl, issuer, audience }, staffMustHaveFactor: true });
  await world.signUp('admin@example.com', 'admin');
  admin = await world.session('admin@example.com');
  await world.enrol(admin);
});
afterAll(async () => {
  await world.stop();
  keyServer.close();
});

/** A token that was issued this many seconds ago. */
async function token(sub: string, claims: object = {}, ageSeconds = 0): Promise<Headers> {
  const iat = Math.floor(Date.now() / 1_000) - ageSeconds;
  const all = { sub, iss: issuer, aud: audience, iat, exp: iat + 7_200, ...claims };
  const signed = await new SignJWT(all).setProtectedHeader({ alg: 'ES256' }).sign(keys.privateKey);
  return { authorization: `Bearer ${signed}` };
}

const me = async (headers: Headers) => await world.call('GET', '/users/me', undefined, headers);
const link = async (userId: string, subject: string, named = issuer) =>
  await world.call('PUT', `/users/${userId}/subjects`, { issuer: named, subject }, admin);
const mfa = { amr: ['pwd', 'mfa'] };

describe('a subject of another issuer', () => {
  test('is the user that an admin linked it to, until it is unlinked; without a link it is no user', async () => {
    const userId = await world.signUp('linked@example.com');
    const headers = await token('00u1a2b3c4');
    expect((await me(headers)).status).toBe(401);
    const linked = await link(userId, '00u1a2b3c4');
    expect(linked).toMatchObject({
      status: 200,
      body: { issuer, subject: '00u1a2b3c4', createdBy: expect.stringMatching(/^operator:/) as string },
    });
    expect(await me(headers)).toMatchObject({ status: 200, body: { id: userId } });
    expect((await me(await token('00U1A2B3C4'))).status).toBe(401);
    expect((await link(userId, '00u1a2b3c4')).body).toEqual(linked.body);
    expect((await world.call('GET', `/users/${userId}/subjects`, undefined, admin)).body).toEqual({ items: [linked.body] });
    const path = `/users/${userId}/subjects/${String(linked.body['id'])}`;
    expect((await world.call('DELETE', path, undefined, admin)).status).toBe(200);
    expect((await me(headers)).status).toBe(401);
    expect(await world.call('DELETE', path, undefined, admin)).toMatchObject({ status: 404, body: { code: 'subject_not_found' } });
    const { rows } = await world.coffer.pool.query('select kind, before, after from identity.user_change where user_id = $1 order by id', [
      userId,
    ]);
    const subjectId = String(linked.body['id']);
    expect(rows).toEqual([
      { kind: 'subject_linked', before: null, after: `${subjectId} of ${issuer}` },
      { kind: 'subject_unlinked', before: `${subjectId} of ${issuer}`, after: null },
    ]);
  });

  test('belongs to one user, unless that user is deleted; of another issuer it is another subject', async () => {
    const [one, two] = [await world.signUp('one@example.com'), await world.signUp('two@example.com')];
    await link(one, 'shared');
    expect(await link(two, 'shared')).toMatchObject({ status: 409, body: { code: 'subject_taken' } });
    expect((await link(two, 'shared', 'https://elsewhere.example.com')).status).toBe(200);
    expect((await me(await token('shared'))).body).toMatchObject({ id: one });
    await world.coffer.product.users.softDelete({ id: one }, async () => null);
    world.coffer.product.access.forget();
    expect((await me(await token('shared'))).status).toBe(401);
    expect((await link(two, 'shared')).status).toBe(200);
    expect((await me(await token('shared'))).body).toMatchObject({ id: two });
    expect(await link('00000000-0000-4000-8000-000000000000', 'nobody')).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(await link(two, 'a\u0000b')).toMatchObject({ status: 400 });
  });

  test('that is the id of a user is that user, unless an admin linked it to another', async () => {
    const [named, other] = [await world.signUp('named@example.com'), await world.signUp('other@example.com')];
    expect((await me(await token(named))).body).toMatchObject({ id: named });
    await link(other, named);
    world.coffer.product.access.forget();
    expect((await me(await token(named))).body).toMatchObject({ id: other });
  });
});

describe("the end of a user's sessions", () => {
  test('refuses tokens of another issuer that were issued before it, and own tokens; new ones work', async () => {
    const userId = await world.signUp('ended@example.com');
    const own = await world.session('ended@example.com');
    const foreign = await token(userId, {}, 60);
    expect([(await me(own)).status, (await me(foreign)).status]).toEqual([200, 200]);
    const ended = await world.call('DELETE', `/users/${userId}/sessions?reason=stolen`, undefined, admin);
    expect(ended).toMatchObject({ status: 200, body: { id: userId, suspendedAt: null } });
    expect([(await me(own)).status, (await me(foreign)).status]).toEqual([401, 401]);
    // Clocks may differ by a few seconds.
    expect((await me(await token(userId))).status).toBe(401);
    await world.coffer.pool.query(
      "update identity.users set sessions_valid_from = sessions_valid_from - interval '10 seconds' where id = $1",
      [userId],
    );
    expect((await me(await token(userId))).status).toBe(200);
    expect((await me(await world.session('ended@example.com'))).status).toBe(200);
    const { rows } = await world.coffer.pool.query('select kind, reason from identity.user_change where user_id = $1', [userId]);
    expect(rows).toEqual([{ kind: 'sessions_ended', reason: 'stolen' }]);
  });

  test('survives a suspension and a reinstatement', async () => {
    const userId = await world.signUp('back@example.com');
    const foreign = await token(userId, {}, 60);
    const { users } = world.coffer.product;
    const by = { actor: 'cli', byUser: null, aboutStaff: true, reason: 'stolen' };
    await users.suspend(userId, by);
    await users.reinstate(userId, by);
    expect((await me(foreign)).status).toBe(401);
  });

  test('is for operators to decide about users, and for admins about staff', async () => {
    const operator = await world.signUp('operator@example.com', 'operator');
    const session = await world.session('operator@example.com');
    await world.enrol(session);
    const end = async (userId: string) => await world.call('DELETE', `/users/${userId}/sessions?reason=stolen`, undefined, session);
    expect((await end(await world.signUp('anyone@example.com'))).status).toBe(200);
    expect(await end(await world.signUp('colleague@example.com', 'operator'))).toMatchObject({
      status: 403,
      body: { code: 'staff_protected' },
    });
    expect((await end(operator)).status).toBe(200);
    expect((await me(session)).status).toBe(401);
  });
});

describe('a token of another issuer', () => {
  test('of staff must say that more than one factor was used, where staff must have one', async () => {
    const staff = await world.signUp('staff@example.com', 'operator');
    const users = async (headers: Headers) => await world.call('GET', '/users', undefined, headers);
    expect(await users(await token(staff))).toMatchObject({ status: 403, body: { code: 'staff_factor_required' } });
    expect((await users(await token(staff))).body['detail']).toContain('at its issuer');
    expect((await users(await token(staff, mfa))).status).toBe(200);
    const user = await world.signUp('user@example.com');
    expect((await world.call('GET', '/wallet', undefined, await token(user))).status).toBe(200);
  });

  test('is as fresh as the login there', async () => {
    const staff = await world.signUp('fresh@example.com', 'admin');
    const make = async (headers: Headers) => await world.call('POST', '/keys', { name: 'a key', scopes: ['wallets:read'] }, headers);
    const old = Math.floor(Date.now() / 1_000) - 660;
    for (const headers of [await token(staff, mfa, 660), await token(staff, { ...mfa, auth_time: old })]) {
      const answer = await make(headers);
      expect(answer).toMatchObject({ status: 403, body: { code: 'fresh_proof_required' } });
      expect(answer.body['detail']).toContain('issuer');
    }
    expect((await make(await token(staff, mfa))).status).toBe(201);
  });

  test('neither enrols a second factor nor proves one', async () => {
    const headers = await token(await world.signUp('foreign@example.com'), mfa);
    const enrol = await world.call('POST', '/users/me/factors/totp', { name: 'a phone' }, headers);
    expect(enrol).toMatchObject({ status: 403, body: { code: 'local_login_required' } });
    const prove = await world.call('POST', '/auth/proof', { passcode: '123456' }, headers);
    expect(prove).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
  });
});
