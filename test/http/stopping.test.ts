import { createHash } from 'node:crypto';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { limits } from '../../packages/coffer/src/gateway/http/framing.ts';
import { startProduct } from './product.ts';
import type { TestProduct } from './product.ts';

function post(coffer: TestProduct, agent: http.Agent, wallet: string): Promise<number | string> {
  return new Promise((resolve) => {
    const request = http.request(
      `${coffer.url}/wallet/${wallet}/deposit`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    request.on('error', (failure) => resolve((failure as NodeJS.ErrnoException).code ?? failure.message));
    request.end('{"amount":1}');
  });
}

test('stop answers the requests in progress, and closes keep-alive connections', async () => {
  const coffer = await startProduct();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  expect(await Promise.all(Array.from({ length: 50 }, () => post(coffer, agent, 'w1')))).toEqual(Array(50).fill(201));

  const underWay = Array.from({ length: 50 }, () => post(coffer, agent, 'w1'));
  // Once the first request is answered, all have reached the server.
  expect(await Promise.race(underWay)).toBe(201);
  const stopped = coffer.stop();
  expect(await Promise.all(underWay)).toEqual(Array(50).fill(201));
  // Waiting for idle connections to end would take longer than this.
  expect(await Promise.race([stopped.then(() => 'stopped'), pause(limits.keepAliveMs / 2, 'waits', { ref: false })])).toBe('stopped');
  agent.destroy();
  await expect(coffer.call('GET', '/health')).rejects.toThrow();
});

test('with ENABLE_SWAGGER off there is no documentation; the API is the same', async () => {
  const coffer = await startProduct({ swaggerEnabled: false, demo: false });
  for (const path of ['/docs', '/docs/', '/api', '/openapi.json']) expect((await coffer.call('GET', path)).status).toBe(404);
  expect((await coffer.call('GET', '/')).body['documentation']).toBeNull();
  expect((await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 })).status).toBe(201);
  expect((await coffer.call('POST', '/auth/login', { user_id: '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32' })).status).toBe(403);
  await coffer.stop();
});

test('security.txt names the contact of the settings; without one there is no such file', async () => {
  const file = '/.well-known/security.txt';
  const coffer = await startProduct({ securityContact: 'mailto:security@example.com' });
  const { status, text, headers } = await coffer.call('GET', file);
  await coffer.stop();
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(text).toMatch(/^Contact: mailto:security@example\.com\nExpires: 20\d\d-.*Z\n$/);
  const other = await startProduct();
  expect((await other.call('GET', file)).status).toBe(404);
  await other.stop();
});

test('before Coffer is ready, /health answers with 503', async () => {
  const coffer = await startProduct({ ready: () => false });
  expect(await coffer.call('GET', '/health')).toMatchObject({ status: 503, body: { status: 'unavailable' } });
  await coffer.stop();
});

test('a fault that does not stop Coffer is reported by /health, which keeps answering 200', async () => {
  const coffer = await startProduct({ faults: () => Promise.resolve(['Rebuild the projection.']) });
  expect(await coffer.call('GET', '/health')).toMatchObject({
    status: 200,
    body: { status: 'degraded', detail: 'Rebuild the projection.' },
  });
  await coffer.stop();
});

test('the documentation pages show the document of this server and load nothing from other hosts', async () => {
  const coffer = await startProduct();
  for (const path of ['/docs', '/api']) {
    const redirect = await coffer.call('GET', path);
    expect(redirect.headers.get('location')).toBe(`${path}/`);
    const page = await coffer.call('GET', `${path}/`);
    expect(page.status).toBe(200);
    expect(page.text).toContain('/openapi.json');
    expect(page.text).not.toMatch(/(src|href)="https?:/);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src 'self'/);
    const inline = /<script[^>]*>([^<]+)<\/script>/.exec(page.text)?.[1] ?? '';
    expect(/script-src ([^;]*)/.exec(policy)?.[1]).toBe(`'self' 'sha256-${createHash('sha256').update(inline).digest('base64')}'`);
    expect((await coffer.call('GET', `${path}/js/scalar.js`)).status).toBe(200);
  }
  await coffer.stop();
});
