import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JWTHeaderParameters } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTestIdentity, credentialsWrong, jwtSecret, password } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import { newId } from '../kernel/index.ts';
import { demoUsers, seedDemoUsers } from './demo.ts';
import { Sessions } from './sessions.ts';
import type { Login, User } from './types.ts';

const tokenInvalid = { refusal: { code: 'token_invalid', facts: {} } };

let database: TestIdentity['database'];
let users: TestIdentity['users'];
let sessions: TestIdentity['sessions'];
let signUp: TestIdentity['signUp'];
let login: TestIdentity['login'];
let user: User;
let janes: Login;
let johns: Login;

beforeAll(async () => {
  ({ database, users, sessions, signUp, login } = await createTestIdentity());
  await seedDemoUsers(database.pool);
  user = await signUp('jane@example.com');
  janes = await login('jane@example.com');
  await signUp('john@example.com');
  johns = await login('john@example.com');
});

afterAll(async () => {
  await database.drop();
});

describe('a token', () => {
  const key = Buffer.from(jwtSecret);
  const ours = { alg: 'HS256', typ: 'JWT' };
  const seconds = () => Math.floor(Date.now() / 1_000);
  const claims = () => ({ sub: user.id, iss: 'coffer', aud: 'coffer', sid: janes.sessionId, iat: seconds(), exp: seconds() + 3_600 });
  /** A token like ours, except for the changes; a claim that is undefined is omitted. */
  const signed = async (changes: object = {}, header: JWTHeaderParameters = ours, signer: Buffer | KeyObject = key) =>
    await new SignJWT({ ...claims(), ...changes }).setProtectedHeader(header).sign(signer);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('made by hand with our key and our claims is valid, so the attacks below fail for their own reason', async () => {
    expect(await sessions.authenticate(await signed())).toMatchObject({ user: { id: user.id } });
  });

  test('without a signature is invalid', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const body = `${part({ alg, typ: 'JWT' })}.${part(claims())}`;
      for (const signature of ['', 'AA']) expect(await sessions.authenticate(`${body}.${signature}`)).toEqual(tokenInvalid);
    }
  });

  test('of another algorithm is invalid: another HMAC with the same key, or RSA', async () => {
    for (const alg of ['HS384', 'HS512']) {
      // A key long enough for these, so that only the algorithm is wrong.
      const long = 'the same secret, but long enough for every HMAC that there is, which is 64 bytes';
      const sameSecret = new Sessions({ pool: database.pool, jwtSecret: long });
      expect(await sameSecret.authenticate(await signed({}, ours, Buffer.from(long)))).toMatchObject({ user: { id: user.id } });
      expect(await sameSecret.authenticate(await signed({}, { alg, typ: 'JWT' }, Buffer.from(long)))).toEqual(tokenInvalid);
    }
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    expect(await sessions.authenticate(await signed({}, { alg: 'RS256', typ: 'JWT' }, privateKey))).toEqual(tokenInvalid);
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims())}`;
    const confused = createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' }))
      .update(body)
      .digest('base64url');
    expect(await sessions.authenticate(`${body}.${confused}`)).toEqual(tokenInvalid);
  });

  test('with an embedded key is invalid', async () => {
    const foreign = Buffer.from('x'.repeat(32));
    const header = { ...ours, jwk: { kty: 'oct', k: foreign.toString('base64url') } };
    expect(await sessions.authenticate(await signed({}, header, foreign))).toEqual(tokenInvalid);
  });

  test.each([
    ['expired', () => ({ exp: seconds() - 1 })],
    ['never expires', () => ({ exp: undefined })],
    ['is not valid yet', () => ({ nbf: seconds() + 600 })],
    ['has no issue time', () => ({ iat: undefined })],
    ['is of another issuer', () => ({ iss: 'somebody' })],
    ['has no issuer', () => ({ iss: undefined })],
    ['is for another audience', () => ({ aud: 'somebody' })],
    ['has no audience', () => ({ aud: undefined })],
    ['names no user', () => ({ sub: undefined })],
    ['names an invalid id', () => ({ sub: 'nobody' })],
    ['names a user that never existed', () => ({ sub: newId() })],
    ['names no session', () => ({ sid: undefined })],
    ['names a session that never existed', () => ({ sid: newId() })],
    ["names another user's session", () => ({ sid: johns.sessionId })],
  ])('that %s is invalid', async (_what, changes) => {
    expect(await sessions.authenticate(await signed(changes()))).toEqual(tokenInvalid);
  });

  test('of another type is invalid', async () => {
    expect(await sessions.authenticate(await signed({}, { alg: 'HS256', typ: 'refresh+jwt' }))).toEqual(tokenInvalid);
    expect(await sessions.authenticate(await signed({}, { alg: 'HS256' }))).toEqual(tokenInvalid);
  });

  test('that was tampered with, or is not a token, is invalid', async () => {
    const { token } = await login('jane@example.com');
    const [header = '', , signature = ''] = token.split('.');
    const forged = part({ ...claims(), sub: demoUsers[0].id });
    const texts = [
      '',
      '.',
      '..',
      'x',
      '\0',
      'a.b.c',
      `${header}.${forged}.${signature}`,
      `${token}x`,
      `${token}.`,
      ` ${token}`,
      token.slice(0, -2),
      '\uD800',
      'Bearer ',
    ];
    for (const text of texts) expect(await sessions.authenticate(text)).toEqual(tokenInvalid);
  });

  test('that is oversized is invalid, even with a correct signature', async () => {
    const large = await signed({ padding: 'x'.repeat(2_000) });
    expect(await sessions.authenticate(large)).toEqual(tokenInvalid);
    expect(await sessions.authenticate('a'.repeat(10_000_000))).toEqual(tokenInvalid);
  });

  test('made with another secret is invalid', async () => {
    const others = new Sessions({ pool: database.pool, jwtSecret: 'the secret of another installation' });
    const { token } = await login('jane@example.com');
    expect(await others.authenticate(token)).toEqual(tokenInvalid);
  });

  test('made with the previous secret is valid while the secret is rotated; new ones are made with the new secret', async () => {
    const pool = database.pool;
    const next = 'the next secret, also of more than 32 bytes';
    const rotated = new Sessions({ pool, jwtSecret: next, previousJwtSecret: jwtSecret });
    const { token } = await login('jane@example.com');
    expect(await rotated.authenticate(token)).toMatchObject({ user: { id: user.id } });
    const made = await rotated.login({ email: 'jane@example.com', password });
    if ('refusal' in made) throw new Error(made.refusal.code);
    expect(await new Sessions({ pool, jwtSecret: next }).authenticate(made.token)).toMatchObject({ user: { id: user.id } });
    expect(await sessions.authenticate(made.token)).toEqual(tokenInvalid);
    // So is the proof of a device.
    const proof = sessions.proveDevice(user);
    expect(await rotated.knownDevice(proof, 'JANE@example.com')).not.toBeNull();
    expect(await rotated.knownDevice(proof, 'john@example.com')).toBeNull();
  });

  test('ends with its user', async () => {
    const mortal = await signUp('mortal@example.com');
    const { token } = await login('mortal@example.com');
    expect(await sessions.authenticate(token)).toMatchObject({ user: { id: mortal.id } });
    await users.softDelete(mortal, async () => null);
    expect(await sessions.authenticate(token)).toEqual(tokenInvalid);
    // Nor does it open the account of the next user with that address.
    await signUp('mortal@example.com');
    expect(await sessions.authenticate(token)).toEqual(tokenInvalid);
  });

  test('is revoked by a new password, not by a new name', async () => {
    const careful = await signUp('careful@example.com');
    const { token } = await login('careful@example.com');
    await users.update(careful, { name: 'Careful' });
    expect(await sessions.authenticate(token)).toMatchObject({ user: { name: 'Careful' } });
    await users.update(careful, { password: 'another good password', currentPassword: password });
    expect(await sessions.authenticate(token)).toEqual(tokenInvalid);
    expect(await sessions.login({ email: 'careful@example.com', password })).toEqual(credentialsWrong);
    expect(await sessions.login({ email: 'careful@example.com', password: 'another good password' })).toMatchObject({
      user: { id: careful.id },
    });
  });

  test('expires after an hour', async () => {
    const { token, expiresAt } = await login('jane@example.com');
    vi.useFakeTimers({ toFake: ['Date'], now: expiresAt.getTime() + 1_000 });
    try {
      expect(await sessions.authenticate(token)).toEqual(tokenInvalid);
    } finally {
      vi.useRealTimers();
    }
  });
});

test('a guessable secret is refused at construction', () => {
  expect(() => new Sessions({ pool: database.pool, jwtSecret: 'short' })).toThrow('32 bytes');
});
