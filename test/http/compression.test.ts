/** Compressed answers, as bytes: a client of Node decompresses them unseen. */
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer } = useCoffer();

type Bytes = { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: Buffer };

/** The first `bytesMax` bytes of an answer as they are sent. */
async function bytesOf(
  path: string,
  encoding: string,
  { method = 'GET', bytesMax = Number.POSITIVE_INFINITY, more = {} } = {},
): Promise<Bytes> {
  return await new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': encoding, ...more };
    const request = http.request(new URL(path, coffer.url), { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes < bytesMax) return;
        done();
        request.destroy();
      });
      answer.on('end', done);
    });
    request.on('error', reject);
    request.end();
  });
}

async function fill(wallet: string): Promise<void> {
  for (let at = 0; at < 20; at++) await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1 + at });
}

test('a long answer is compressed for a caller that accepts gzip, and is the same', async () => {
  await fill('c1');
  const plain = await bytesOf('/wallet/c1/history', 'identity');
  expect(plain.headers['content-encoding']).toBeUndefined();
  for (const encoding of ['gzip', 'br, gzip;q=0.5', '*']) {
    const { headers, body } = await bytesOf('/wallet/c1/history', encoding);
    expect([encoding, headers['content-encoding'], headers['content-type']]).toEqual([encoding, 'gzip', plain.headers['content-type']]);
    expect(headers.vary).toBe('accept-encoding');
    expect(gunzipSync(body)).toEqual(plain.body);
    expect(body.length).toBeLessThan(plain.body.length / 3);
  }
  for (const encoding of ['', 'br', 'gzip;q=0', 'nonsense;;;q=x'])
    expect((await bytesOf('/wallet/c1/history', encoding)).headers['content-encoding']).toBeUndefined();
});

test('documents are compressed, short answers and refusals are not', async () => {
  expect((await bytesOf('/openapi.json', 'gzip')).headers['content-encoding']).toBe('gzip');
  await fill('c2');
  for (const path of ['/wallet/c2', '/wallet/none']) expect((await bytesOf(path, 'gzip')).headers['content-encoding']).toBeUndefined();
});

test('a question for the headers alone gets no body', async () => {
  await fill('c3');
  const { status, body } = await bytesOf('/wallet/c3/history', 'gzip', { method: 'HEAD' });
  expect([status, body.length]).toEqual([200, 0]);
});

test('a live stream is not compressed: its events do not wait for more', async () => {
  const { status, headers, body } = await bytesOf('/events/live', 'gzip', { bytesMax: 1 });
  expect([status, headers['content-encoding'], headers['content-type']]).toEqual([200, undefined, 'text/event-stream; charset=utf-8']);
  expect(body.toString()).toContain(':');
});

test('a compressed request is refused', async () => {
  const { status, body } = await coffer.call('POST', '/wallet/c4/deposit', { amount: 1 }, { 'content-encoding': 'gzip' });
  expect([status, body['code']]).toEqual([415, 'unsupported_media_type']);
});
