import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { startTraces, withPostingSpans } from '../../packages/coffer/src/telemetry/index.ts';
import type { Traces } from '../../packages/coffer/src/telemetry/index.ts';
import { outsider } from '../grpc/outsider.ts';
import { startPlatform } from '../grpc/platform.ts';
import { startCollector } from './collector.ts';
import type { Collector, ReceivedSpan } from './collector.ts';
import { startWatched } from './watched.ts';

let collector: Collector;
let traces: Traces;
beforeEach(async () => {
  collector = await startCollector();
  traces = await startTraces({ endpoint: collector.endpoint, service: 'coffer-test', version: '0.0.0', log: silentLog() });
});
afterEach(async () => await collector.stop());

const callersTrace = 'a'.repeat(32);
const traceparent = `00-${callersTrace}-${'b'.repeat(16)}-01`;

const kind = { internal: 1, server: 2, client: 3 } as const;

function spanNamed(name: string): ReceivedSpan {
  const found = collector.spans.filter((span) => span.name === name);
  expect(found, `spans named ${name} of ${collector.spans.map((span) => span.name).join(', ')}`).toHaveLength(1);
  return found[0] as ReceivedSpan;
}

test('a request continues the trace of its caller, and the posting is a span within it', async () => {
  const coffer = await startWatched({ traces, ledger: withPostingSpans });
  try {
    const headers = { traceparent, 'x-request-id': 'traced-1' };
    expect((await coffer.call('POST', '/wallet/t1/deposit', { amount: 1 }, headers)).status).toBe(201);
    await coffer.call('GET', '/wallet/t1', undefined, { traceparent: 'not-a-traceparent' });
  } finally {
    await coffer.stop();
    await traces.stop();
  }
  const request = spanNamed('POST /wallet/:id/deposit');
  expect(request).toMatchObject({ traceId: callersTrace, parentSpanId: 'b'.repeat(16), kind: kind.server, service: 'coffer-test' });
  expect(request.attributes).toMatchObject({ 'http.response.status_code': 201, 'coffer.request_id': 'traced-1' });
  const posting = spanNamed('ledger.post');
  expect(posting).toMatchObject({ traceId: callersTrace, parentSpanId: request.spanId, kind: kind.internal });
  expect(posting.attributes).toMatchObject({ 'coffer.kind': 'deposit', 'coffer.outcome': 'posted' });
  const read = spanNamed('GET /wallet/:id');
  expect(read.traceId).not.toBe(callersTrace);
  expect(read.parentSpanId ?? '').toBe('');
});

test('one trace covers both services, with a client and a server span per call', async () => {
  const platform = await startPlatform({ watch: () => ({ traces }) });
  const users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  try {
    expect((await users.call('CreateUser', { email: 't@example.com', name: 'T' }, { metadata: { traceparent } })).status).toBe(0);
  } finally {
    users.close();
    await platform.stop();
    await traces.stop();
  }
  expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([callersTrace]));
  const names = collector.spans.map(({ name, kind }) => `${name} ${kind}`).toSorted((a, b) => a.localeCompare(b));
  expect(names).toEqual([
    `user.UserService/CreateUser ${kind.server}`,
    `user.UserService/GetUserById ${kind.server}`,
    `user.UserService/GetUserById ${kind.client}`,
    `wallet.WalletService/CreateWallet ${kind.server}`,
    `wallet.WalletService/CreateWallet ${kind.client}`,
  ]);
  const of = (name: string, side: number) => collector.spans.find((span) => span.name === name && span.kind === side);
  expect(of('wallet.WalletService/CreateWallet', kind.server)?.parentSpanId).toBe(
    of('wallet.WalletService/CreateWallet', kind.client)?.spanId,
  );
  expect(of('wallet.WalletService/CreateWallet', kind.client)?.parentSpanId).toBe(of('user.UserService/CreateUser', kind.server)?.spanId);
});

test('an unreachable collector does not affect requests', async () => {
  const lost = await startTraces({ endpoint: 'http://127.0.0.1:1', service: 'coffer-test', version: '0.0.0', log: silentLog() });
  const coffer = await startWatched({ traces: lost });
  expect((await coffer.call('POST', '/wallet/t1/deposit', { amount: 1 })).status).toBe(201);
  await coffer.stop();
  await lost.stop();
});

// prom-client depends on the no-op API package; the packages that sample, buffer and export spans must not be loaded.
test('no tracing package is loaded until tracing starts', async () => {
  const script = `
    const { registerHooks } = await import('node:module');
    const loaded = [];
    registerHooks({ load: (url, context, next) => { if (/@opentelemetry.(?!api.)/.test(url)) loaded.push(url); return next(url, context); } });
    await import('./packages/coffer/src/compose/main.ts');
    const { startTraces } = await import('./packages/coffer/src/telemetry/index.ts');
    const before = loaded.length;
    const log = { debug() {} };
    await (await startTraces({ endpoint: 'http://127.0.0.1:1', service: 's', version: '0', log })).stop();
    console.log(JSON.stringify({ before, after: loaded.length > 0 }));`;
  const root = path.resolve(import.meta.dirname, '../..');
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
  expect(JSON.parse(stdout)).toEqual({ before: 0, after: true });
});
