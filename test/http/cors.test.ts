/** Web pages of other origins. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../packages/coffer/src/compose/config.ts';
import { startProduct } from './product.ts';

const app = 'https://app.example.com';
let coffer: Awaited<ReturnType<typeof startProduct>>;
beforeAll(async () => {
  coffer = await startProduct({ corsOrigins: [app] });
});
afterAll(() => coffer.stop());

const ask = (origin: string, method = 'GET', path = '/assets', more: Record<string, string> = {}) =>
  coffer.call(method, path, undefined, { origin, ...more });

test('a listed origin may read answers, and refusals', async () => {
  for (const [path, status] of [
    ['/assets', 200],
    ['/wallet/none', 404],
    ['/nowhere', 404],
  ] as const) {
    const { status: found, headers } = await ask(app, 'GET', path);
    expect([found, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([status, app, 'Origin']);
    expect(headers.get('access-control-expose-headers')).toContain('etag');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  }
});

test('its preflight is answered', async () => {
  const { status, headers } = await ask(app, 'OPTIONS', '/wallet/w1/deposit', { 'access-control-request-method': 'POST' });
  expect([status, headers.get('access-control-allow-origin')]).toEqual([204, app]);
  expect(headers.get('access-control-allow-methods')).toContain('POST');
  expect(headers.get('access-control-allow-headers')).toContain('idempotency-key');
});

test.each([
  'https://evil.example.com',
  'http://app.example.com',
  'https://app.example.com.evil.com',
  'https://app.example.com:8443',
  'null',
])('the origin %s may not', async (origin) => {
  const { headers } = await ask(origin);
  expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([null, 'Origin']);
  const preflight = await ask(origin, 'OPTIONS', '/assets', { 'access-control-request-method': 'GET' });
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
});

test('the setting takes exact origins only', () => {
  expect(readConfig({ COFFER_CORS_ORIGINS: `${app}, http://localhost:5173` }).config?.corsOrigins).toEqual([app, 'http://localhost:5173']);
  for (const text of ['*', 'https://*.example.com', 'https://app.example.com/', 'app.example.com', 'null', 'ftp://a.example.com'])
    expect(readConfig({ COFFER_CORS_ORIGINS: text }).problems).toEqual([expect.stringContaining('give origins separated by commas')]);
});
