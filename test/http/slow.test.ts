// Slow clients get an error and are disconnected, and block no resources that others need.
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProduct } from './product.ts';
import type { TestProduct } from './product.ts';

/** Sends `first`, then `drop` every half second, while the connection is open; returns the received text and the number of drops. */
async function drip(url: string, first: string, drop: string): Promise<{ received: string; drops: number }> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    let [received, drops] = ['', 0];
    const socket = net.connect({ host: hostname, port: Number(port) }, () => socket.write(first));
    const dripping = setInterval(() => {
      socket.write(drop);
      drops++;
    }, 500);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(dripping);
      resolve({ received, drops });
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

// Node's default, a check every 30 s, would let 60 drops pass; a busy machine sends fewer.
test('headers that do not end are soon answered with 408, and other requests are still served', async () => {
  const slow = Array.from({ length: 50 }, () => drip(coffer.url, 'GET /requests HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n'));
  expect((await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 })).status).toBe(201);
  for (const { received, drops } of await Promise.all(slow)) {
    expect(received).toMatch(timedOut);
    expect(drops).toBeLessThan(50);
  }
});
