import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId, silentLog } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { Issuer } from './issuer.ts';

const issuer = 'https://login.example.com';
const audience = 'coffer';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let keyServer: http.Server;
let jwksUrl: string;
beforeAll(async () => {
  const keys = [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' }];
  keyServer = http.createServer((_request, answer) => answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })));
  keyServer.listen(0, '127.0.0.1');
  await once(keyServer, 'listening');
  jwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
});
afterAll(() => keyServer.close());

async function signed(claims: object, typ = 'JWT'): Promise<string> {
  const seconds = Math.floor(Date.now() / 1_000);
  const all = { sub: newId(), iss: issuer, aud: audience, iat: seconds, exp: seconds + 600, ...claims };
  return await new SignJWT(all).setProtectedHeader({ alg: 'ES256', typ }).sign(privateKey);
}

test('the log says why a token was refused, each reason once a minute, without the token', async () => {
  const lines: { reason: string }[] = [];
  const warn = (about: { reason: string }) => void lines.push(about);
  const checked = new Issuer({ jwksUrl, issuer, audience }, Object.assign(Object.create(silentLog()) as Log, { warn }));
  expect(await checked.read(await signed({}))).not.toBeNull();
  expect(lines).toEqual([]);
  for (const token of [
    await signed({ aud: 'another' }),
    await signed({ aud: 'a third' }),
    await signed({ sub: 'x'.repeat(256) }),
    await signed({}, 'logout+jwt'),
    await signed({ exp: 1 }),
  ])
    expect(await checked.read(token)).toBeNull();
  expect(lines.map(({ reason }) => reason)).toEqual([
    'unexpected "aud" claim value',
    'its sub is empty, longer than 255 characters, or not plain text',
    'its typ is neither JWT nor at+jwt',
    '"exp" claim timestamp check failed',
  ]);
});

test('a login is as fresh as its auth_time, or else as its token; only amr and acr say that it used several factors', async () => {
  const checked = new Issuer({ jwksUrl, issuer, audience, factorValues: ['mfa', 'phr'] });
  const iat = Math.floor(Date.now() / 1_000) - 60;
  const login = async (claims: object) => await checked.read(await signed({ iat, sub: '00u1', ...claims }));
  expect(await login({})).toEqual({ issuer, subject: '00u1', issuedAt: iat, provedAt: iat, usedSeveralFactors: false });
  expect(await login({ auth_time: iat - 900, amr: ['pwd', 'mfa'] })).toMatchObject({ provedAt: iat - 900, usedSeveralFactors: true });
  expect(await login({ auth_time: iat + 3_600, acr: 'phr' })).toMatchObject({ provedAt: iat, usedSeveralFactors: true });
  for (const claims of [{ amr: 'mfa' }, { amr: ['pwd'] }, { mfa: true }, { acr: ['mfa'] }])
    expect(await login(claims)).toMatchObject({ usedSeveralFactors: false });
});
