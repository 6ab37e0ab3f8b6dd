// Slow clients get an error and are disconnected, and block no resources that others need.
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProduct } from './product.ts';
import type { TestProduct } from './product.ts';

/** Sends `first`, then `drop` every half second, while the connection is open; returns the received text. */
async function drip(url: string, first: string, drop: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    let received = '';
    const socket = net.connect({ host: hostname, port: Number(port) }, () => socket.write(first));
    const dripping = setInterval(() => socket.write(drop), 500);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(dripping);
      resolve(received);
    });
  });
}

const timedOut = /^HTTP\/1.1 408 [^]*application\/problem\+json[^]*"code":"request_timeout"/;

let coffer: TestProduct;
beforeAll(async () => {
  coffer = await startProduct();
});
afterAll(async () => {
  await coffer.stop();
});

// With Node's default check every 30 s, the first answer would exceed the timeout.
test('headers that do not end are soon answered with 408, and other requests are still served', { timeout: 26_000 }, async () => {
  const slow = Array.from({ length: 50 }, () => drip(coffer.url, 'GET /requests HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n'));
  expect((await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 })).status).toBe(201);
  for (const answer of await Promise.all(slow)) expect(answer).toMatch(timedOut);
});
