// What every answer tells browsers: not to cache, guess, run or frame it. Under TLS also to stay with https, with modern ciphers only.
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listenHttp } from '../../packages/coffer/src/gateway/index.ts';
import { startProduct } from './product.ts';
import type { TestProduct } from './product.ts';
import { sendRaw } from './raw.ts';

const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const pem = (name: string) => fs.readFileSync(path.resolve(import.meta.dirname, `../support/tls/${name}.pem`), 'utf8');

let coffer: TestProduct;
beforeAll(async () => {
  coffer = await startProduct();
  expect((await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 })).status).toBe(201);
});
afterAll(async () => {
  await coffer.stop();
});

test.each([
  ['an answer', 'GET /wallet/w1 HTTP/1.1\r\nHost: localhost', 200],
  ['a refusal', 'GET /wallet/w1?x=1 HTTP/1.1\r\nHost: localhost', 400],
  ['an unknown path', 'GET /nothing HTTP/1.1\r\nHost: localhost', 404],
  ['another method', 'TRACE /wallet/w1 HTTP/1.1\r\nHost: localhost', 405],
  ['another host', 'GET /health HTTP/1.1\r\nHost: evil.example', 421],
  ['a path that is encoded wrongly', 'GET /wallet/%zz HTTP/1.1\r\nHost: localhost', 400],
  ['bytes that are not HTTP', 'nonsense', 400],
])('%s is neither cached, guessed, run nor framed', async (_what, head, status) => {
  const answer = await sendRaw(coffer.url, `${head}\r\nConnection: close\r\n\r\n`);
  expect(answer).toContain(`HTTP/1.1 ${status} `);
  expect(answer).toContain(`content-security-policy: ${policy}\r\n`);
  for (const header of ['cache-control: no-store', 'referrer-policy: no-referrer', 'x-content-type-options: nosniff'])
    expect(answer).toContain(`${header}\r\n`);
});

test('under TLS, browsers stay with https, the device cookie is bound to the host, and weak ciphers are refused', async () => {
  const jane = { email: 'jane@example.com', name: 'Jane', password: 'correct horse battery staple' };
  expect(await coffer.product.users.signUp(jane)).toHaveProperty('id');
  const listener = await listenHttp(coffer.product, { host: '127.0.0.1', port: 0 }, { cert: pem('cert'), key: pem('key') });
  const { hostname, port } = new URL(listener.url);
  const trusting = { ca: pem('cert'), checkServerIdentity: () => undefined };
  try {
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const options = { method: 'POST', headers: { host: 'localhost', 'content-type': 'application/json' }, agent: false, ...trusting };
      const request = https.request(`${listener.url}/users/login`, options, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.headers));
      });
      request.on('error', reject);
      request.end(JSON.stringify({ email: jane.email, password: jane.password }));
    });
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
    expect(String(headers['set-cookie'])).toMatch(
      /^__Host-coffer_device=[\w.-]+; Path=\/; Secure; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
    );

    const connect = async (offered: tls.ConnectionOptions) =>
      await new Promise<string>((resolve) => {
        const socket = tls.connect({ host: hostname, port: Number(port), ...trusting, ...offered }, () => {
          resolve(socket.getCipher().name);
          socket.destroy();
        });
        socket.on('error', () => resolve('refused'));
      });
    expect(await connect({ maxVersion: 'TLSv1.2' })).toMatch(/^ECDHE-.*(GCM|POLY1305)/);
    expect(await connect({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:AES128-SHA' })).toBe(
      'refused',
    );
    expect(await connect({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).toBe('refused');
  } finally {
    await listener.stop();
  }
});
