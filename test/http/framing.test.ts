import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import { sendRaw } from './raw.ts';
import { headOfLog } from './refused.ts';

const { coffer, expectRefused, seqBefore } = useCoffer();

describe('sizes and framing', () => {
  const post = (headers: string, body: string | Buffer = '') =>
    Buffer.concat([Buffer.from(`POST /wallet/w1/deposit HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`), Buffer.from(body)]);
  const json = 'Content-Type: application/json\r\n';

  test('a body of more than 1 MiB is refused by its declared length, before it is sent', async () => {
    const answer = await sendRaw(coffer.url, post(`${json}Content-Length: 1048577\r\n`));
    expect(answer).toMatch(/^HTTP\/1.1 413 [^]*"code":"body_too_large"/);
  });

  test('a chunked body is refused when it exceeds 1 MiB', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = await sendRaw(coffer.url, post(`${json}Transfer-Encoding: chunked\r\n`, chunk.repeat(17)));
    expect(answer).toMatch(/^HTTP\/1.1 413 [^]*"code":"body_too_large"/);
  });

  test('without credentials nobody sends a body of more than 32 KiB, which would take long to read', async () => {
    const body = (more: number) => `{"email":"${'a'.repeat(32_768 - '{"email":""}'.length + more)}"}`;
    for (const path of [
      '/users/login',
      '/users/signup',
      '/users/password-resets/confirm',
      '/users/login/second-factor',
      '/nowhere',
      '/health',
    ])
      expect((await coffer.call('POST', path, body(1))).body).toMatchObject({ code: 'body_too_large' });
    expect((await coffer.call('POST', '/users/login', body(0))).status).toBe(400);
  });

  test('a compressed body is refused, not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000, 'x'), { level: 9 });
    await expectRefused(await coffer.call('POST', '/wallet/w1/deposit', bomb, { 'content-encoding': 'gzip' }), 415);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonx',
    'application/json; charset=utf-16',
    'application/json;charset="iso-8859-1"',
    'application/json; charset=utf-8; charset=utf-16le',
    'application/json; charset=utf-8x',
    'application/json; charset=""',
    'x',
  ])('a body of type %s is refused', async (type) => {
    await expectRefused(await coffer.call('POST', '/wallet/w1/deposit', '{"amount":1}', { 'content-type': type }), 415);
  });

  test.each(['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'Application/JSON; profile=x; Charset=utf8'])(
    'a body of type %s is read',
    async (type) => {
      expect((await coffer.call('POST', '/wallet/w2/deposit', '{"amount":1}', { 'content-type': type })).status).toBe(201);
    },
  );

  test('a request without a body or content type is refused, and the answer names what is missing', async () => {
    await expectRefused(await coffer.call('POST', '/wallet/w1/deposit'));
  });

  test('headers of 100 KB are refused', async () => {
    const answer = await sendRaw(coffer.url, post(`X-Big: ${'x'.repeat(100_000)}\r\n`));
    expect(answer).toMatch(/^HTTP\/1.1 431 [^]*"code":"headers_too_large"/);
  });

  test.each([
    [
      'Content-Length and Transfer-Encoding together',
      post(`${json}Content-Length: 12\r\nTransfer-Encoding: chunked\r\n`, 'c\r\n{"amount":1}\r\n0\r\n\r\n'),
    ],
    ['two lengths', post(`${json}Content-Length: 12\r\nContent-Length: 13\r\n`, '{"amount":1}')],
    ['a negative length', post(`${json}Content-Length: -1\r\n`, '{"amount":1}')],
    ['a broken chunk', post(`${json}Transfer-Encoding: chunked\r\n`, 'zz\r\n{"amount":1}\r\n')],
    ['NUL in a header', post('X: a\0b\r\n')],
    ['a folded header', post('X: a\r\n b: c\r\n')],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
    ['HTTP/9.9', 'GET /wallet/w1 HTTP/9.9\r\nHost: localhost\r\n\r\n'],
  ])('%s is refused', async (_what, bytes) => {
    expect(await sendRaw(coffer.url, bytes)).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(await headOfLog(coffer)).toBe(seqBefore());
  });

  test.each([
    'GET /docs/ HTTP/1.1\r\nHost: [[[\r\nConnection: close\r\n\r\n',
    'GET //// HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET http://evil.example/wallet/w1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  ])('%j never causes a 5xx', async (bytes) => {
    expect(await sendRaw(coffer.url, bytes)).not.toMatch(/^HTTP\/1.1 5/);
  });

  test.each([
    ['another host', 'Host: evil.example'],
    ['a host that begins like ours', 'Host: localhost.evil.example'],
    ['a host that ends like ours', 'Host: evil.example:80@localhost'],
    ['a host that is none', 'Host: [[['],
    ['an empty host', 'Host:'],
    ['two hosts', 'Host: localhost\r\nhost: evil.example'],
    ['the same host twice', 'Host: localhost\r\nHOST: localhost'],
    ['no host', 'X: y'],
  ])('a request for %s is refused with 421 on any path', async (_what, header) => {
    for (const path of ['/wallet/w1', '/events', '/health', '/openapi.json', '/docs/', '/nothing']) {
      const answer = await sendRaw(coffer.url, `GET ${path} HTTP/1.1\r\n${header}\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 421 [^]*content-type: application\/problem\+json[^]*"code":"misdirected_request"/);
    }
    const moved = await sendRaw(
      coffer.url,
      `POST /wallet/w1/deposit HTTP/1.1\r\n${header}\r\n${json}Connection: close\r\nContent-Length: 12\r\n\r\n{"amount":1}`,
    );
    expect(moved).toMatch(/^HTTP\/1.1 421 /);
    expect(await headOfLog(coffer)).toBe(seqBefore());
  });

  test.each(['localhost', 'LOCALHOST:3000', '127.0.0.1', '127.8.9.10:80', '[::1]', '[::1]:3000'])(
    'the host %s is accepted',
    async (host) => {
      expect(await sendRaw(coffer.url, `GET /wallet/w1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 /);
    },
  );

  test.each(['https://evil.example', 'http://localhost.evil.example', 'null'])(
    'in open mode a request of a page of %s is refused; one of a page of this machine is not',
    async (origin) => {
      const deposit = (from: string) =>
        sendRaw(coffer.url, post(`${json}Origin: ${from}\r\nConnection: close\r\nContent-Length: 2\r\n`, '{}'));
      expect(await deposit(origin)).toMatch(/^HTTP\/1.1 403 [^]*"code":"forbidden"/);
      expect(await deposit('http://localhost:5173')).toMatch(/^HTTP\/1.1 400 /);
      expect(await headOfLog(coffer)).toBe(seqBefore());
    },
  );

  test('bytes after the declared length are another request, not part of this one', async () => {
    const answer = await sendRaw(coffer.url, post(`${json}Content-Length: 2\r\n`, '{}{"amount":1}'));
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(await headOfLog(coffer)).toBe(seqBefore());
  });
});
