import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditTrail } from '../../packages/coffer/src/audit/index.ts';
import { createLog, inRequest, isUuid, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { Metrics } from '../../packages/coffer/src/telemetry/index.ts';
import { outsider } from '../grpc/outsider.ts';
import { startPlatform } from '../grpc/platform.ts';
import type { Platform } from '../grpc/platform.ts';
import { sendRaw } from '../http/raw.ts';
import { auditedRows, startWatched } from './watched.ts';

let platform: Platform;
let audit: AuditTrail;
const metrics = new Metrics('0.0.0');
beforeAll(async () => {
  platform = await startPlatform({
    watch: ({ url, pool }) => {
      audit = new AuditTrail({ url, reads: pool, keepDays: 90, log: silentLog() });
      return { audit, metrics };
    },
  });
});
afterAll(async () => {
  await audit.stop();
  await platform.stop();
});

test('one request id passes through both services into every answer and every audit row', async () => {
  const users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  const made = await users.call(
    'CreateUser',
    { email: 'r@example.com', name: 'R' },
    { metadata: { 'x-request-id': 'flow-1', cookie: 'session=hunter2' } },
  );
  users.close();
  expect(made.status).toBe(0);
  expect(made.trailer['x-request-id']).toBe('flow-1');
  const rows = await auditedRows({ pool: platform.database.pool, audit }, 2);
  // The wallets service answers before the users service does. The user look-up changes nothing, so it writes no row.
  expect(rows.map(({ request_id, transport, url, operation, status }) => [request_id, transport, url, operation, status])).toEqual([
    ['flow-1', 'grpc', '/wallet.WalletService/CreateWallet', 'CreateWallet', 0],
    ['flow-1', 'grpc', '/user.UserService/CreateUser', 'CreateUser', 0],
  ]);
  expect(rows[0]).toMatchObject({ wallet: `${made.message?.['id']}.USD`, client_ip: '127.0.0.1' });
  expect(rows[0]?.['operation_id']).toMatch(/^1-\d+$/);
  expect(JSON.stringify(rows)).not.toContain('hunter2');
});

test('a credit writes a row that links to its operation, and calls are counted by outcome', async () => {
  const users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  const wallets = outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
  const user = (await users.call('CreateUser', { email: 's@example.com', name: 'S' })).message?.['id'];
  const credited = await wallets.call('CreditWallet', { user_id: user, amount: 500 }, { metadata: { 'idempotency-key': 'c1' } });
  const refused = await wallets.call('DebitWallet', { user_id: user, amount: 501 });
  await wallets.call('GetWallet', { user_id: user });
  users.close();
  wallets.close();
  expect(isUuid(String(credited.trailer['x-request-id']))).toBe(true);
  expect(isUuid(String(refused.trailer['x-request-id']))).toBe(true);
  const rows = (await auditedRows({ pool: platform.database.pool, audit }, 6)).slice(-2);
  expect(rows).toMatchObject([
    {
      request_id: credited.trailer['x-request-id'],
      operation_id: credited.trailer['coffer-operation'],
      idempotency_key: 'c1',
      status: 0,
      body: JSON.stringify({ userId: user, amount: '500' }),
    },
    { request_id: refused.trailer['x-request-id'], status: refused.status, wallet: `${user}.USD` },
  ]);
  expect(await metrics.text()).toContain(
    'coffer_grpc_calls_total{method="/wallet.WalletService/DebitWallet",code="FAILED_PRECONDITION"} 1',
  );
});

test('every HTTP answer has a request id, even when the request cannot be parsed', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', pretty: false, destination: { write: (line) => void lines.push(line) } });
  const coffer = await startWatched({ log, requestLines: true });
  try {
    for (const [method, path] of [
      ['GET', '/health'],
      ['GET', '/nowhere'],
      ['PUT', '/health'],
      ['POST', '/wallet/x/deposit'],
    ] as const)
      expect((await coffer.call(method, path, method === 'GET' ? undefined : '{')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    for (const bytes of [
      'GET / HTTP/1.1\r\nhost: elsewhere.example\r\nconnection: close\r\n\r\n',
      'GET /%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
      'nonsense\r\n\r\n',
    ])
      expect((await sendRaw(coffer.url, bytes)).toLowerCase()).toMatch(/x-request-id: [0-9a-f-]{36}/);
    await coffer.call('GET', '/wallet/nobody', undefined, { 'x-request-id': 'line-1' });
    await expect
      .poll(() => lines.map((line) => JSON.parse(line) as Record<string, unknown>).find(({ requestId }) => requestId === 'line-1'))
      .toMatchObject({
        msg: 'Request',
        method: 'GET',
        route: '/wallet/:id',
        status: 404,
      });
  } finally {
    await coffer.stop();
  }
});

test('log lines of a request carry its id, also after an await', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', pretty: false, destination: { write: (line) => void lines.push(line) } });
  await inRequest({ requestId: 'waits' }, async () => {
    await platform.database.pool.query('select 1');
    log.info('after a query');
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ requestId: 'waits', msg: 'after a query' }]);
});
