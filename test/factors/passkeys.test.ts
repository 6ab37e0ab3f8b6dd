// Passkeys, over HTTP in required mode, with a software authenticator.
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Factors } from '../../packages/coffer/src/identity/index.ts';
import { SoftwareAuthenticator } from '../support/authenticator.ts';
import { FactorWorld, authorizationOf, origin, relyingParty, statusesOf } from './world.ts';
import type { Headers } from './world.ts';
import type { Answer } from '../http/product.ts';

let world: FactorWorld;
beforeAll(async () => {
  world = await FactorWorld.start();
});
afterAll(async () => {
  await world.stop();
});

type Options = { readonly challenge: string; readonly [name: string]: unknown };

const wrong = { status: 403, body: { code: 'second_factor_wrong' } };
const rejected = { status: 400, body: { code: 'passkey_rejected' } };

async function creation(session: Headers): Promise<Options> {
  const { status, body } = await world.call('POST', '/users/me/factors/passkey/options', undefined, session);
  expect(status).toBe(200);
  return body as Options;
}

async function add(session: Headers, passkey: object): Promise<Answer> {
  return await world.call('POST', '/users/me/factors/passkey', { name: 'a laptop', passkey }, session);
}

async function request(ticket: string): Promise<Options> {
  const { status, body } = await world.call('POST', '/users/login/passkey-options', { ticket });
  expect(status).toBe(200);
  return body as Options;
}

async function enrolled(email: string) {
  const userId = await world.signUp(email);
  const session = await world.session(email);
  const device = new SoftwareAuthenticator(origin, relyingParty);
  expect((await add(session, device.create(await creation(session)))).status).toBe(201);
  return { userId, session, device };
}

describe('a new passkey', () => {
  test('answers the options of its user; the first factor brings recovery codes', async () => {
    const userId = await world.signUp('jane@example.com');
    const session = await world.session('jane@example.com');
    const options = await creation(session);
    expect(options).toMatchObject({
      rp: { id: relyingParty },
      user: { id: Buffer.from(userId).toString('base64url'), name: 'jane@example.com' },
      attestation: 'none',
    });
    const device = new SoftwareAuthenticator(origin, relyingParty);
    const added = await add(session, device.create(options));
    expect(added).toMatchObject({ status: 201, body: { factor: { kind: 'passkey', name: 'a laptop' } } });
    expect(added.body['recoveryCodes']).toHaveLength(10);
    expect(await creation(session)).toMatchObject({ excludeCredentials: [{ id: device.idText }] });
  });

  test('is rejected from another origin, for another domain, for a used or foreign challenge, and if it is enrolled already', async () => {
    const { session, device } = await enrolled('strict@example.com');
    const other = () => new SoftwareAuthenticator(origin, relyingParty);
    expect(await add(session, other().create(await creation(session), { origin: 'https://wallet.example.com.evil.test' }))).toMatchObject(
      rejected,
    );
    expect(await add(session, other().create(await creation(session), { relyingParty: 'evil.test' }))).toMatchObject(rejected);
    const options = await creation(session);
    expect((await add(session, other().create(options))).status).toBe(201);
    expect(await add(session, other().create(options))).toMatchObject(rejected);
    const { session: foreign } = await enrolled('foreign@example.com');
    expect(await add(session, other().create(await creation(foreign)))).toMatchObject(rejected);
    expect(await add(foreign, device.create(await creation(foreign)))).toMatchObject(rejected);
    expect(await add(session, { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: {} })).toMatchObject(rejected);
  });

  test('may attest itself, but brings no certificates, whose addresses somebody could follow', async () => {
    const { session } = await enrolled('attested@example.com');
    const device = () => new SoftwareAuthenticator(origin, relyingParty);
    const tls = (name: string) => fs.readFileSync(path.resolve(import.meta.dirname, `../support/tls/${name}.pem`), 'utf8');
    const attestation = { certificate: new X509Certificate(tls('cert')), key: createPrivateKey(tls('key')) };
    expect(await add(session, device().create(await creation(session), { attestation }))).toMatchObject(rejected);
    expect((await add(session, device().create(await creation(session), { attestation: 'self' }))).status).toBe(201);
  });
});

describe('a login with a passkey', () => {
  test('takes the password and then the passkey', async () => {
    const { userId, device } = await enrolled('login@example.com');
    const asked = await world.login('login@example.com');
    expect(asked.body).toMatchObject({ code: 'second_factor_required', ways: 'passkey recoveryCode' });
    const ticket = String(asked.body['ticket']);
    const options = await request(ticket);
    expect(options).toMatchObject({ rpId: relyingParty, allowCredentials: [{ id: device.idText }] });
    const done = await world.finish(ticket, { passkey: device.get(options) });
    expect(done).toMatchObject({ status: 200, body: { user: { id: userId } } });
    expect((await world.call('GET', '/users/me', undefined, authorizationOf(done))).status).toBe(200);
  });

  test('fails from another origin, for another domain, with another key, and with the passkey of another user', async () => {
    const { device } = await enrolled('mine@example.com');
    const theirs = await enrolled('theirs@example.com');
    const ticket = await world.ticket('mine@example.com');
    for (const lie of [
      { origin: 'https://evil.test' },
      { relyingParty: 'evil.test' },
      { signer: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
    ])
      expect(await world.finish(ticket, { passkey: device.get(await request(ticket), lie) })).toMatchObject(wrong);
    expect(await world.finish(ticket, { passkey: theirs.device.get(await request(ticket)) })).toMatchObject(wrong);
    expect((await world.finish(ticket, { passkey: device.get(await request(ticket)) })).status).toBe(200);
  });

  test('uses a challenge once, even for a wrong answer, and only one of its own user and purpose', async () => {
    const { session, device } = await enrolled('once@example.com');
    const other = await enrolled('twice@example.com');
    const ticket = await world.ticket('once@example.com');
    const options = await request(ticket);
    expect(await world.finish(ticket, { passkey: device.get(options, { origin: 'https://evil.test' }) })).toMatchObject(wrong);
    expect(await world.finish(ticket, { passkey: device.get(options) })).toMatchObject(wrong);
    const foreign = await request(await world.ticket('twice@example.com'));
    expect(await world.finish(ticket, { passkey: device.get(foreign) })).toMatchObject(wrong);
    const proof = await world.call('POST', '/auth/proof/passkey-options', undefined, session);
    expect(await world.finish(ticket, { passkey: device.get(proof.body as Options) })).toMatchObject(wrong);
    expect((await world.call('GET', '/users/me/factors', undefined, other.session)).status).toBe(200);
  });

  test('fails when the counter does not advance: the passkey was copied', async () => {
    const { device } = await enrolled('cloned@example.com');
    const again = async (counter: number) => {
      const ticket = await world.ticket('cloned@example.com');
      return await world.finish(ticket, { passkey: device.get(await request(ticket), { counter }) });
    };
    expect((await again(10)).status).toBe(200);
    for (const counter of [10, 9, 0]) expect(await again(counter)).toMatchObject(wrong);
    expect((await again(11)).status).toBe(200);
    const tickets = [await world.ticket('cloned@example.com'), await world.ticket('cloned@example.com')];
    const passkeys = await Promise.all(tickets.map(async (ticket) => device.get(await request(ticket), { counter: 12 })));
    const both = await Promise.all(tickets.map((ticket, at) => world.finish(ticket, { passkey: passkeys[at] })));
    expect(statusesOf(both)).toEqual([200, 403]);
  });

  test('needs a ticket for its options', async () => {
    const answer = await world.call('POST', '/users/login/passkey-options', { ticket: 'a guess' });
    expect(answer).toMatchObject({ status: 401, body: { code: 'ticket_invalid' } });
  });
});

test('without an origin, passkeys are off, and say so; a user who has only those needs a recovery code', async () => {
  const { session } = await enrolled('off@example.com');
  const off = new Factors({ pool: world.coffer.pool, factorKey: 'a factor key of at least thirty-two bytes' });
  const me = await world.call('GET', '/users/me', undefined, session);
  const user = { id: String(me.body['id']), email: null, name: 'Jane' };
  expect(await off.startPasskey(user)).toEqual({ refusal: { code: 'passkeys_off', facts: {} } });
  expect(await off.waysOf(user.id)).toEqual({ hasFactor: true, ways: ['recoveryCode'] });
});
