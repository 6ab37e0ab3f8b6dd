// Attacks with credentials, over real HTTP, in required mode, with a second issuer whose keys come from a separate server.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../../packages/coffer/src/identity/index.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { startProduct, testSecret } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { person, service } from './world.ts';

const issuer = 'https://login.example.com';
const audience = 'coffer-test';
const theirs = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const theirsNext = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const strangers = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const own = Buffer.from(testSecret);

let coffer: TestProduct;
let keyServer: http.Server;
let keysAnswered = 0;
let keysAway = false;
let jane: User;
let janesToken: string;
let apiKey: string;

beforeAll(async () => {
  const jwk = { ...(await exportJWK(theirs.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  // The same kid twice: some issuers number their keys anew.
  const next = { ...(await exportJWK(theirsNext.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  keyServer = http.createServer((_request, answer) => {
    keysAnswered++;
    if (keysAway) answer.writeHead(503).end();
    else answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk, next] }));
  });
  keyServer.listen(0, '127.0.0.1');
  await once(keyServer, 'listening');
  const jwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
  coffer = await startProduct({}, { mode: 'required', issuer: { jwksUrl, issuer, audience } });
  const { user, authorization } = await person(coffer.product, 'jane', 'user');
  [jane, janesToken] = [user, authorization.slice('Bearer '.length)];
  apiKey = (await service(coffer.product, ['wallets:read'])).slice('Bearer '.length);
});
afterAll(async () => {
  await coffer.stop();
  keyServer.close();
});

const seconds = () => Math.floor(Date.now() / 1_000);
const ask = async (token: string, scheme = 'Bearer') =>
  await coffer.call('GET', '/users/me', undefined, { authorization: `${scheme} ${token}` });
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const ourClaims = () => ({
  sub: jane.id,
  iss: 'coffer',
  aud: 'coffer',
  sid: decodeJwt(janesToken)['sid'],
  iat: seconds(),
  exp: seconds() + 600,
});
const theirClaims = () => ({ sub: jane.id, iss: issuer, aud: audience, iat: seconds(), exp: seconds() + 600 });
const ourHeader = { alg: 'HS256', typ: 'JWT' };
const theirHeader = { alg: 'RS256', kid: 'k1' };

async function signed(claims: object, header: { alg: string }, key: Buffer | KeyObject): Promise<string> {
  return await new SignJWT({ ...claims }).setProtectedHeader(header).sign(key);
}
/** Builds a token by hand with any algorithm: libraries refuse to make some of these. */
function signedByHand(claims: object, header: object, secret: string | Buffer): string {
  const body = `${part(header)}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const publicPem = theirs.publicKey.export({ type: 'spki', format: 'pem' });
const publicDer = theirs.publicKey.export({ type: 'spki', format: 'der' });

describe('valid credentials are accepted, so the attacks fail for the intended reason', () => {
  test('our own tokens, from a login and built by hand', async () => {
    expect((await ask(janesToken)).body['id']).toBe(jane.id);
    expect((await ask(await signed(ourClaims(), ourHeader, own))).status).toBe(200);
  });

  test("the other issuer's tokens; their role claims are ignored", async () => {
    const token = await signed({ ...theirClaims(), role: 'admin', roles: ['admin'], scope: 'keys:manage' }, theirHeader, theirs.privateKey);
    expect((await ask(token)).body).toMatchObject({ id: jane.id, role: 'user' });
    expect((await coffer.call('GET', '/keys', undefined, { authorization: `Bearer ${token}` })).status).toBe(403);
  });

  test("the other issuer's tokens of up to 16 KiB, of the type at+jwt, without a kid while several keys fit, or with a kid that two share", async () => {
    const large = { ...theirClaims(), groups: 'x'.repeat(11_000) };
    expect((await ask(await signed(large, theirHeader, theirs.privateKey))).status).toBe(200);
    const typed = { ...theirHeader, typ: 'at+jwt' } as never;
    expect((await ask(await signed(theirClaims(), typed, theirs.privateKey))).status).toBe(200);
    for (const { privateKey } of [theirs, theirsNext]) {
      expect((await ask(await signed(theirClaims(), { alg: 'RS256' }, privateKey))).status).toBe(200);
      expect((await ask(await signed(theirClaims(), theirHeader, privateKey))).status).toBe(200);
    }
    expect((await ask(await signed(theirClaims(), { alg: 'RS256' }, strangers.privateKey))).status).toBe(401);
  });

  test("the other issuer's tokens change a name, but neither password nor e-mail", async () => {
    const authorization = `Bearer ${await signed(theirClaims(), theirHeader, theirs.privateKey)}`;
    const change = async (body: object) => await coffer.call('PATCH', '/users/me', body, { authorization });
    expect((await change({ name: 'Jane' })).status).toBe(200);
    for (const body of [{ password: 'a password of my own' }, { email: 'mine@example.com' }])
      expect(await change({ ...body, currentPassword: 'correct horse battery staple' })).toMatchObject({
        status: 403,
        body: { code: 'local_login_required' },
      });
  });

  test('an API key', async () => {
    const headers = { authorization: `Bearer ${apiKey}` };
    expect((await coffer.call('GET', '/assets', undefined, headers)).status).toBe(200);
  });
});

type Attack = () => string | Promise<string>;
const attacks: Record<string, Attack> = {
  'no algorithm': () => `${part({ alg: 'none', typ: 'JWT' })}.${part(ourClaims())}.`,
  'no algorithm, oddly spelt': () => `${part({ alg: 'nOnE', typ: 'JWT' })}.${part(theirClaims())}.`,
  'no algorithm, with a signature': () => `${part({ alg: 'none', typ: 'JWT' })}.${part(ourClaims())}.${janesToken.split('.')[2] ?? ''}`,
  'no header': () => `.${part(ourClaims())}.x`,
  'an HMAC by the public key as PEM': () => signedByHand(theirClaims(), { ...theirHeader, alg: 'HS256' }, publicPem),
  'an HMAC by the public key as PEM, of our claims': () => signedByHand(ourClaims(), ourHeader, publicPem),
  'an HMAC by the public key as DER': () => signedByHand(theirClaims(), { ...theirHeader, alg: 'HS256', typ: 'JWT' }, publicDer),
  'an HMAC that says it is RSA': () => signedByHand(theirClaims(), theirHeader, publicPem),
  'our secret for the claims of the other issuer': async () => await signed(theirClaims(), ourHeader, own),
  "the other issuer's key for our claims": async () => await signed(ourClaims(), theirHeader, theirs.privateKey),
  "a stranger's key": async () => await signed(theirClaims(), theirHeader, strangers.privateKey),
  "a stranger's key under an unknown kid": async () =>
    await signed(theirClaims(), { ...theirHeader, alg: 'RS256', kid: 'k2' } as never, strangers.privateKey),
  "a stranger's key that the token brings along": async () =>
    await signed(theirClaims(), { ...theirHeader, jwk: await exportJWK(strangers.publicKey) } as never, strangers.privateKey),
  'a place to fetch the key from': async () =>
    await signed(
      theirClaims(),
      { ...theirHeader, jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/cert' } as never,
      strangers.privateKey,
    ),
  'a kid that is a path': async () =>
    await signed(theirClaims(), { ...theirHeader, kid: '../../../../dev/null' } as never, strangers.privateKey),
  'a kid that is SQL': async () =>
    await signed(theirClaims(), { ...theirHeader, kid: "x' union select 'key" } as never, strangers.privateKey),
  'an empty secret, under a kid that leads nowhere': () => signedByHand(ourClaims(), { ...ourHeader, kid: '/dev/null' }, ''),
  'extensions that must be understood': () => signedByHand(ourClaims(), { ...ourHeader, crit: ['exp2'], exp2: 1 }, own),
  'another audience': async () => await signed({ ...theirClaims(), aud: 'another service' }, theirHeader, theirs.privateKey),
  'no audience': async () => await signed({ ...theirClaims(), aud: undefined }, theirHeader, theirs.privateKey),
  'another issuer': async () => await signed({ ...theirClaims(), iss: 'https://login.example.org' }, theirHeader, theirs.privateKey),
  'another audience, ours': async () => await signed({ ...ourClaims(), aud: 'another service' }, ourHeader, own),
  'another issuer, ours': async () => await signed({ ...ourClaims(), iss: 'another' }, ourHeader, own),
  expired: async () => await signed({ ...theirClaims(), exp: seconds() - 60 }, theirHeader, theirs.privateKey),
  'expired, ours': async () => await signed({ ...ourClaims(), exp: seconds() - 1 }, ourHeader, own),
  'never expires': async () => await signed({ ...theirClaims(), exp: undefined }, theirHeader, theirs.privateKey),
  'not valid yet': async () => await signed({ ...theirClaims(), nbf: seconds() + 600 }, theirHeader, theirs.privateKey),
  'a subject who is nobody': async () => await signed({ ...theirClaims(), sub: newId() }, theirHeader, theirs.privateKey),
  'a subject that is no id': async () => await signed({ ...theirClaims(), sub: "' or true --" }, theirHeader, theirs.privateKey),
  'no subject': async () => await signed({ ...theirClaims(), sub: undefined }, theirHeader, theirs.privateKey),
  'another subject under the same signature': () => {
    const [header = '', , signature = ''] = janesToken.split('.');
    return `${header}.${part({ ...ourClaims(), sub: newId() })}.${signature}`;
  },
  'the end cut off': () => janesToken.slice(0, -3),
  oversized: async () => await signed({ ...ourClaims(), padding: 'x'.repeat(8_000) }, ourHeader, own),
  'oversized, theirs': async () => await signed({ ...theirClaims(), padding: 'x'.repeat(12_500) }, theirHeader, theirs.privateKey),
  'a logout token': async () => await signed(theirClaims(), { ...theirHeader, typ: 'logout+jwt' } as never, theirs.privateKey),
  'older than a day': async () => await signed({ ...theirClaims(), iat: seconds() - 90_000 }, theirHeader, theirs.privateKey),
  'without an issue time': async () => await signed({ ...theirClaims(), iat: undefined }, theirHeader, theirs.privateKey),
  'an API key as a token': () => `${part(ourHeader)}.${part({ ...ourClaims(), sub: apiKey })}.${apiKey}`,
  'a token as an API key': () => `cof_${janesToken}`,
  'an API key of another secret': () => apiKey.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
  'an API key of another id': () => apiKey.replace(/^cof_./, (start) => (start === 'cof_a' ? 'cof_b' : 'cof_a')),
  'an API key in capitals': () => apiKey.toUpperCase(),
  'an API key with its hash for a secret': () => `${apiKey.slice(0, 21)}${'0'.repeat(43)}`,
  'an API key without a secret': () => apiKey.slice(0, 21),
  'an API key and more': () => `${apiKey}x`,
  'the credential of internal services': () => `cofi_${'A'.repeat(43)}`,
};

test.each(Object.entries(attacks))('%s: 401', async (_what, attack) => {
  const token = await attack();
  for (const [method, path] of [
    ['GET', '/users/me'],
    ['GET', '/assets'],
  ] as const) {
    const answer = await coffer.call(method, path, undefined, { authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(answer.text).not.toContain(token.slice(0, 20));
  }
});

test.each(['Basic', 'bearer2', 'Token'])('a valid token under the scheme %s: 401', async (scheme) => {
  expect((await ask(janesToken, scheme)).status).toBe(401);
});

test('a valid token in the query is ignored', async () => {
  const { status } = await coffer.call('GET', `/users/me?access_token=${janesToken}`);
  expect(status).toBe(401);
});

test('forged tokens do not trigger a request to the issuer each time; while the issuer is down, its users get that error and ours do not', async () => {
  const before = keysAnswered;
  for (let attempt = 0; attempt < 20; attempt++)
    await ask(await signed(theirClaims(), { alg: 'RS256', kid: `k${attempt}` } as never, strangers.privateKey));
  expect(keysAnswered - before).toBeLessThanOrEqual(1);

  keysAway = true;
  const lonely = await startProduct(
    {},
    { mode: 'required', issuer: { jwksUrl: `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`, issuer, audience } },
  );
  try {
    const { user, authorization } = await person(lonely.product, 'john', 'user');
    const foreign = await signed({ ...theirClaims(), sub: user.id }, theirHeader, theirs.privateKey);
    const answer = await lonely.call('GET', '/users/me', undefined, { authorization: `Bearer ${foreign}` });
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect((await lonely.call('GET', '/users/me', undefined, { authorization })).status).toBe(200);
  } finally {
    keysAway = false;
    await lonely.stop();
  }
});

describe('a credential becomes invalid', () => {
  const statusFor = async (authorization: string, path = '/assets') =>
    (await coffer.call('GET', path, undefined, { authorization })).status;

  test('when its user is deleted, whichever issuer it is from, and immediately on the process that deleted the user', async () => {
    const { user, authorization } = await person(coffer.product, 'mortal', 'user');
    const foreign = `Bearer ${await signed({ ...theirClaims(), sub: user.id }, theirHeader, theirs.privateKey)}`;
    expect([await statusFor(authorization), await statusFor(foreign)]).toEqual([200, 200]);
    expect((await coffer.call('DELETE', '/users/me', undefined, { authorization })).status).toBe(200);
    expect([await statusFor(authorization), await statusFor(foreign)]).toEqual([401, 401]);
  });

  test('when the password changes', async () => {
    const { authorization } = await person(coffer.product, 'careful', 'user');
    const changed = { password: 'another good password', currentPassword: 'correct horse battery staple' };
    expect((await coffer.call('PATCH', '/users/me', changed, { authorization })).status).toBe(200);
    expect(await statusFor(authorization)).toBe(401);
  });

  test('when it is revoked, expires, or its rotation ends; until then both secrets are valid', async () => {
    const admin = { authorization: (await person(coffer.product, 'keeper', 'admin')).authorization };
    const made = await coffer.call('POST', '/keys', { name: 'billing', scopes: ['wallets:read'], expiresInDays: 1 }, admin);
    const { id } = made.body['key'] as { id: string };
    const first = `Bearer ${String(made.body['secret'])}`;
    expect(await statusFor(first)).toBe(200);
    const rotated = await coffer.call('POST', `/keys/${id}/rotate`, { overlapHours: 1 }, admin);
    const second = `Bearer ${String(rotated.body['secret'])}`;
    expect([await statusFor(first), await statusFor(second)]).toEqual([200, 200]);
    const again = await coffer.call('POST', `/keys/${id}/rotate`, { overlapHours: 0 }, admin);
    const third = `Bearer ${String(again.body['secret'])}`;
    expect([await statusFor(first), await statusFor(second), await statusFor(third)]).toEqual([401, 401, 200]);
    await coffer.pool.query("update identity.api_key set expires_at = clock_timestamp() - interval '1 second' where id = $1", [id]);
    await expect.poll(() => statusFor(third)).toBe(401);
    await coffer.pool.query('update identity.api_key set expires_at = null where id = $1', [id]);
    expect(await statusFor(third)).toBe(200);
    expect((await coffer.call('DELETE', `/keys/${id}`, undefined, admin)).status).toBe(200);
    expect(await statusFor(third)).toBe(401);
    expect((await coffer.call('DELETE', `/keys/${id}`, undefined, admin)).status).toBe(404);
  });

  test('when it is used from outside its address ranges', async () => {
    const admin = { authorization: (await person(coffer.product, 'ranger', 'admin')).authorization };
    const create = async (networks: string[]) =>
      await coffer.call('POST', '/keys', { name: 'billing', scopes: ['wallets:read'], networks }, admin);
    const here = await create(['127.0.0.0/8', '2001:db8::/32']);
    expect(here.body['key']).toMatchObject({ networks: ['127.0.0.0/8', '2001:db8::/32'], parent: null });
    expect(await statusFor(`Bearer ${String(here.body['secret'])}`)).toBe(200);
    const elsewhere = await create(['192.0.2.0/24']);
    const answer = await coffer.call('GET', '/assets', undefined, { authorization: `Bearer ${String(elsewhere.body['secret'])}` });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await create(['192.0.2.0/33'])).toMatchObject({ status: 400 });
  });

  test('when the key that created it is revoked', async () => {
    const parent = (await service(coffer.product, ['keys:manage', 'wallets:read'])).slice('Bearer '.length);
    const byParent = { authorization: `Bearer ${parent}` };
    const made = await coffer.call('POST', '/keys', { name: 'child', scopes: ['wallets:read'] }, byParent);
    const id = parent.split('_')[1] ?? '';
    expect(made.body['key']).toMatchObject({ parent: id });
    const child = `Bearer ${String(made.body['secret'])}`;
    expect(await statusFor(child)).toBe(200);
    expect((await coffer.call('DELETE', `/keys/${id}`, undefined, byParent)).status).toBe(200);
    expect(await statusFor(child)).toBe(401);
  });

  test('a revoked role is gone immediately on the process that revoked it', async () => {
    const admin = { authorization: (await person(coffer.product, 'chief', 'admin')).authorization };
    const { user, authorization } = await person(coffer.product, 'former', 'operator');
    expect(await statusFor(authorization, '/users')).toBe(200);
    expect((await coffer.call('PATCH', `/users/${user.id}`, { role: 'user' }, admin)).body).toMatchObject({ role: 'user' });
    expect(await statusFor(authorization, '/users')).toBe(403);
  });
});

test('the database stores only a hash of an API key, and only the first answer contains the secret', async () => {
  const admin = { authorization: (await person(coffer.product, 'looker', 'admin')).authorization };
  const secret = apiKey.split('_').slice(2).join('_');
  const { rows } = await coffer.pool.query<{ row: string }>('select string_agg(k::text, chr(10)) as row from identity.api_key k');
  expect(rows[0]?.row).not.toContain(secret);
  const listed = await coffer.call('GET', '/keys', undefined, admin);
  expect(listed.text).toContain(apiKey.slice(0, 20));
  expect(listed.text).not.toContain(secret);
});
