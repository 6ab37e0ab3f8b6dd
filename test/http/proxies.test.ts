// Behind a proxy all callers share one address: forwarded addresses are trusted only from the configured proxies.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { clientAddress } from '../../packages/coffer/src/gateway/http/client-address.ts';
import { readConfig } from '../../packages/coffer/src/compose/config.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Network } from '../../packages/coffer/src/gateway/network/index.ts';
import { startTraces } from '../../packages/coffer/src/telemetry/index.ts';
import { startCollector } from '../observe/collector.ts';
import { auditedRows, startWatched } from '../observe/watched.ts';
import type { Watched } from '../observe/watched.ts';
import { startProduct } from './product.ts';
import { sendRaw } from './raw.ts';

const trusted = (text: string): readonly Network[] => readConfig({ COFFER_TRUSTED_PROXIES: text }).config?.trustedProxies ?? [];
const from = (forwardedFor: string) => ({ 'x-forwarded-for': forwardedFor });

describe('behind proxies on 127.0.0.0/8 and 10.0.0.0/8', () => {
  let coffer: Watched;
  let written = 0;
  beforeAll(async () => {
    coffer = await startWatched({ trustedProxies: trusted('loopback,10.0.0.0/8') });
  });
  afterAll(async () => {
    await coffer.stop();
  });

  const audited = async () => (await auditedRows(coffer, ++written)).at(-1);

  test.each([
    ['the caller that the proxy names', '203.0.113.7', '203.0.113.7'],
    ['not what the caller claimed before', '6.6.6.6, 127.0.0.1, 203.0.113.7', '203.0.113.7'],
    ['through a second proxy of ours', '6.6.6.6, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['with a port', '203.0.113.7:41234', '203.0.113.7'],
    ['over IPv6, with a port', '[2001:db8::1]:41234', '2001:db8::1'],
    ['an IPv4 address in the dress of IPv6', '::ffff:203.0.113.7', '203.0.113.7'],
    ['with a zone', 'fe80::1%eth0', 'fe80::1'],
    ['when all are proxies of ours, the first of them', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['the proxy itself, when it names nobody', 'unknown', '127.0.0.1'],
    ['the proxy before the nonsense', '203.0.113.7, <script>, 10.0.0.2', '10.0.0.2'],
    ['the proxy itself, when there is nothing in it', '', '127.0.0.1'],
    ['the proxy itself, after a comma', '203.0.113.7,', '127.0.0.1'],
    ['the proxy itself, when it is 10 KB of one word', 'x'.repeat(10_000), '127.0.0.1'],
    ['the caller, after 10 KB of other words', `${'6.6.6.6,'.repeat(1_250)}203.0.113.7`, '203.0.113.7'],
    ['one of the nearest proxies, when thousands are named', '10.0.0.1,'.repeat(1_100).slice(0, -1), '10.0.0.1'],
    ['the proxy itself, for digits of other scripts', '٢٠٣.0.113.7', '127.0.0.1'],
    ['the proxy itself, for a quote and a backslash', `"';\\--`, '127.0.0.1'],
  ])('the audit has %s', async (_what, forwardedFor, clientIp) => {
    const header = Buffer.from(forwardedFor, 'utf8').toString('latin1');
    const answer = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 }, from(header));
    expect([answer.status, await audited()]).toMatchObject([201, { client_ip: clientIp }]);
  });

  test('several headers form one list, in order', async () => {
    const head =
      'POST /wallet/w1/deposit HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 12';
    const lists = 'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.7, 10.0.0.9';
    expect(await sendRaw(coffer.url, `${head}\r\n${lists}\r\n\r\n{"amount":1}`)).toMatch(/^HTTP\/1.1 201 /);
    expect(await audited()).toMatchObject({ client_ip: '203.0.113.7' });
  });

  test("the list of logins shows the caller's address, and each caller has its own login attempts", async () => {
    const jane = { email: 'jane@example.com', name: 'Jane Doe', password: 'correct horse battery staple' };
    expect((await coffer.call('POST', '/users/signup', jane, from('203.0.113.1'))).status).toBe(201);
    const guess = async (forwardedFor: string) =>
      (await coffer.call('POST', '/users/login', { email: jane.email, password: 'a wrong guess' }, from(forwardedFor))).status;
    const guesses = async (forwardedFor: string, times: number) =>
      await Promise.all(Array.from({ length: times }, async () => await guess(forwardedFor)));
    expect((await guesses('203.0.113.2', 11)).toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    // A forged entry on the left has no effect.
    expect(await guess('6.6.6.6, 203.0.113.2')).toBe(429);
    expect(await guess('203.0.113.3')).toBe(401);
    const { body } = await coffer.call('POST', '/users/login', { email: jane.email, password: jane.password }, from('203.0.113.4'));
    const logins = await coffer.call('GET', '/users/me/logins', undefined, { authorization: `Bearer ${String(body['token'])}` });
    expect((logins.body['items'] as { clientIp: string }[]).slice(0, 3).map(({ clientIp }) => clientIp)).toEqual([
      '203.0.113.4',
      '203.0.113.3',
      '203.0.113.2',
    ]);
  });

  test('sign-ups are counted for each caller', async () => {
    const signUp = async (forwardedFor: string) =>
      (await coffer.call('POST', '/users/signup', { email: 'x', name: 'X', password: 'short' }, from(forwardedFor))).status;
    const many = await Promise.all(Array.from({ length: 61 }, async () => await signUp('203.0.113.50')));
    expect(many.filter((status) => status === 429)).toHaveLength(1);
    expect(await signUp('203.0.113.51')).toBe(400);
  });
});

describe('from other addresses', () => {
  let coffer: Watched;
  afterEach(async () => {
    await coffer.stop();
  });

  test.each(['', '10.0.0.0/8,::1'])('no forwarded address is trusted (COFFER_TRUSTED_PROXIES=%s)', async (setting) => {
    coffer = await startWatched({ trustedProxies: trusted(setting) });
    for (const forged of ['203.0.113.7', '10.0.0.1', '127.0.0.1, 10.0.0.1'])
      expect((await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 }, from(forged))).status).toBe(201);
    expect((await auditedRows(coffer, 3)).map(({ client_ip: clientIp }) => clientIp)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
    const guess = async (forged: string) =>
      (await coffer.call('POST', '/users/login', { email: 'jane@example.com', password: 'a wrong guess' }, from(forged))).status;
    for (let time = 0; time < 10; time++) await guess(`203.0.113.${time}`);
    expect(await guess('203.0.113.99')).toBe(429);
  });
});

test('requests are counted per caller, and traced with the address', async () => {
  const collector = await startCollector();
  const traces = await startTraces({ endpoint: collector.endpoint, service: 'coffer-test', version: '0.0.0', log: silentLog() });
  const coffer = await startWatched({ mode: 'required', requestsPerMinute: 3, trustedProxies: trusted('loopback'), traces });
  try {
    const ask = async (forwardedFor: string) => (await coffer.call('GET', '/assets', undefined, from(forwardedFor))).status;
    const asked = [];
    for (let time = 0; time < 4; time++) asked.push(await ask(`6.6.6.${time}, 203.0.113.7`));
    expect(asked).toEqual([401, 401, 401, 429]);
    expect(await ask('203.0.113.8')).toBe(401);
  } finally {
    await coffer.stop();
    await traces.stop();
    await collector.stop();
  }
  const addresses = collector.spans.map(({ attributes }) => attributes['client.address']);
  expect(addresses).toEqual([...Array.from({ length: 4 }, () => '203.0.113.7'), '203.0.113.8']);
});

test('live streams are counted per caller', async () => {
  const coffer = await startProduct({ trustedProxies: trusted('loopback'), live: { perCallerMax: 1 } });
  const streams: AbortController[] = [];
  const listen = async (forwardedFor: string) => {
    const stream = new AbortController();
    streams.push(stream);
    return (await fetch(`${coffer.url}/events/live`, { headers: from(forwardedFor), signal: stream.signal })).status;
  };
  try {
    expect(await listen('203.0.113.7')).toBe(200);
    expect(await listen('6.6.6.6, 203.0.113.7')).toBe(429);
    expect(await listen('203.0.113.8')).toBe(200);
  } finally {
    for (const stream of streams) stream.abort();
    await coffer.stop();
  }
});

test('without a connection there is no address', () => {
  expect(clientAddress(undefined, '203.0.113.7', () => true)).toBeNull();
});

test('an IPv4-mapped IPv6 connection is matched as a trusted proxy by its IPv4 address', () => {
  expect(clientAddress('::ffff:10.0.0.1', '203.0.113.7', (address) => address === '10.0.0.1')).toBe('203.0.113.7');
});
