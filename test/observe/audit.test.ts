import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isUuid } from '../../packages/coffer/src/kernel/index.ts';
import { alice } from '../http/product.ts';
import { auditedRows, startWatched } from './watched.ts';
import type { AuditedRow, Watched } from './watched.ts';

const bob = 'b55709be-d0f6-467e-942c-cc04155ad54c';

let coffer: Watched;
beforeAll(async () => {
  coffer = await startWatched();
});
afterAll(async () => await coffer.stop());

/** The audit rows of the requests that `work` sends, once there are as many as it returns. */
async function audited(work: () => Promise<number>): Promise<AuditedRow[]> {
  const { written, waiting } = coffer.audit.counts;
  const before = written + waiting;
  const count = await work();
  return (await auditedRows(coffer, before + count)).slice(before);
}

test('a request that moves money writes a row that links to its operation and its events', async () => {
  let operationId = '';
  const [row] = await audited(async () => {
    const { body } = await coffer.call('POST', '/wallet/a1/deposit', { amount: 1000, requestId: 'd1' }, { 'user-agent': 'shop/1.0' });
    operationId = String(body['operationId']);
    return 1;
  });
  expect(row).toMatchObject({
    transport: 'http',
    method: 'POST',
    url: '/wallet/a1/deposit',
    operation: 'deposit',
    body: '{"amount":1000,"requestId":"d1"}',
    client_ip: '127.0.0.1',
    actor: 'anonymous',
    status: 201,
    idempotency_key: 'd1',
    wallet: 'a1',
    operation_id: operationId,
  });
  const recorded = JSON.parse(String(row?.['headers'])) as Record<string, string>;
  expect(recorded).toMatchObject({ 'user-agent': 'shop/1.0' });
  expect(recorded).not.toHaveProperty('content-type');
  expect(row?.['started_at']).toBeInstanceOf(Date);
  const { rows: events } = await coffer.pool.query<{ type: string }>(
    'select e.type from ledger.event e join api_audit a on a.book = e.book and a.seq = e.operation where a.id = $1 order by e.seq, e.part',
    [row?.id],
  );
  expect(events.map(({ type }) => type)).toEqual(['WalletCreated', 'FundsDeposited']);
});

test('refused, malformed and unknown requests write a row too; reads do not', async () => {
  const rows = await audited(async () => {
    await coffer.call('POST', '/wallet/a1/withdraw', { amount: '99999', requestId: 'too-much' });
    await coffer.call('POST', '/wallet/a1/withdraw', { amount: -1 });
    await coffer.call('POST', '/wallet/a1/withdraw', '{"amount":');
    await coffer.call('GET', '/wallet/a1');
    await coffer.call('DELETE', '/nowhere');
    return 4;
  });
  expect(rows.map(({ method, status, operation }) => [method, status, operation])).toEqual([
    ['POST', 422, 'withdraw'],
    ['POST', 400, 'withdraw'],
    ['POST', 400, 'withdraw'],
    ['DELETE', 404, null],
  ]);
  expect(rows[0]).toMatchObject({ idempotency_key: 'too-much', wallet: 'a1' });
  expect(rows[0]?.['operation_id']).toMatch(/^1-\d+$/);
});

test('a batch writes one row that links to all its operations, including refused ones', async () => {
  let ids: unknown[] = [];
  const [row] = await audited(async () => {
    const operations = [
      { type: 'deposit', walletId: 'a1', amount: 1 },
      { type: 'withdraw', walletId: 'a1', amount: '99999999' },
      { type: 'hold', walletId: 'a1', amount: 1 },
    ];
    const { body } = await coffer.call('POST', '/operations/batch', { operations });
    ids = (body['results'] as { operationId: string }[]).map(({ operationId }) => operationId);
    return 1;
  });
  expect(ids).toHaveLength(3);
  expect(row).toMatchObject({ operation: 'postBatch', status: 200, operation_id: ids[0], operation_ids: ids });
});

test('a replay writes a separate row that links to the same operation', async () => {
  const rows = await audited(async () => {
    for (let time = 0; time < 2; time++) await coffer.call('POST', '/wallet/a1/deposit', { amount: 5, requestId: 'again' });
    return 2;
  });
  expect(rows[0]?.['operation_id']).toMatch(/^1-\d+$/);
  expect(rows[1]?.['operation_id']).toBe(rows[0]?.['operation_id']);
});

test('secrets are never stored, wherever they occur', async () => {
  const login = await coffer.login(alice);
  const token = login['authorization']?.split(' ')[1] ?? '';
  await audited(async () => {
    await coffer.call('POST', '/users/signup', { email: 'jane@example.com', name: 'Jane', password: 'hunter2-hunter2' }, login);
    await coffer.call(
      'POST',
      '/wallet/a1/deposit?token=hunter2',
      { amount: 1 },
      { ...login, cookie: 'session=hunter2', 'x-api-key': 'cof_hunter2' },
    );
    await coffer.call('POST', '/wallet/a1/deposit', { amount: 1, metadata: { apiKey: 'hunter2', deep: { note: `cof_hunter2 ${token}` } } });
    const privateKey = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----';
    await coffer.call(
      'POST',
      `/wallet/a1/deposit?key=${encodeURIComponent(privateKey)}&client_secret=hunter2`,
      { amount: 1, metadata: { privateKey: 'hunter2', note: privateKey } },
      { 'user-agent': privateKey.replaceAll('\n', ' ') },
    );
    return 4;
  });
  const { rows } = await coffer.pool.query<{ text: string }>('select row_to_json(a)::text as text from audit.request a');
  const everything = rows.map(({ text }) => text).join('\n');
  expect(everything).toContain('jane@example.com');
  expect(everything).not.toContain('hunter2');
  expect(everything).not.toContain(token.slice(0, 30));
});

test('a request with a login names the user', async () => {
  const login = await coffer.login(alice);
  const [row] = await audited(async () => {
    await coffer.call('POST', '/wallet/topup', { amount: 1, asset_type_id: 1, payment_id: 'audited' }, login);
    return 1;
  });
  expect(row).toMatchObject({ actor: `user:${alice}`, idempotency_key: 'audited', wallet: `${alice}.GOLD` });
});

test('hostile values change neither the answer nor the audit', async () => {
  const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
  const hostile = [
    '{"amount":1,"metadata":{"a":"\\u0000"}}',
    '{"amount":1,"metadata":{"a":"\\ud800"}}',
    '{"amount":1,"__proto__":{"a":1}}',
    `{"amount":1,"metadata":{"a":"${'x'.repeat(1_000_000)}"}}`,
    `{"amount":1,"metadata":${deep}}`,
    `{"amount":1,"metadata":{"toJSON":1,"constructor":{"prototype":1},"note":"'; drop table audit.request; --"}}`,
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  ];
  const rows = await audited(async () => {
    for (const body of hostile) {
      const { status } = await coffer.call('POST', '/wallet/a1/deposit', body, {
        'user-agent': 'ü\u00ff\u0085',
        'idempotency-key': 'a\u0080',
      });
      expect(status).toBeLessThan(500);
    }
    await coffer.call('POST', `/wallet/${'%00%ed%a0%80'.repeat(300)}/deposit`, { amount: 1 });
    return hostile.length;
  });
  expect(rows.length).toBeGreaterThanOrEqual(hostile.length);
  expect(coffer.audit.counts.dropped).toBe(0);
  for (const row of rows) expect(String(row['body']).length).toBeLessThanOrEqual(16_384);
});

test('a valid request id of the caller is used, and an invalid one is replaced', async () => {
  const ids = ['checkout-4711', 'a'.repeat(65), 'with space', 'ümlaut', ''];
  const answered: string[] = [];
  const rows = await audited(async () => {
    for (const id of ids) {
      const { headers } = await coffer.call('POST', '/wallet/a1/deposit', { amount: 1 }, { 'x-request-id': id });
      answered.push(headers.get('x-request-id') ?? '');
    }
    return ids.length;
  });
  expect(answered[0]).toBe('checkout-4711');
  expect(answered.slice(1).every(isUuid)).toBe(true);
  expect(rows.map((row) => row['request_id'])).toEqual(answered);
});

test('a request whose caller disconnects before the answer is audited with its outcome', async () => {
  const client = await coffer.pool.connect();
  const rows = await audited(async () => {
    await client.query('begin');
    await client.query('select from ledger.book for update');
    const { hostname, port } = new URL(coffer.url);
    const socket = net.connect(Number(port), hostname);
    const body = '{"amount":7,"requestId":"gone"}';
    socket.write(
      `POST /wallet/a1/deposit HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await expect
      .poll(
        async () =>
          (await client.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).rowCount,
      )
      .toBe(1);
    socket.destroy();
    await new Promise((resolve) => socket.once('close', resolve));
    await client.query('commit');
    return 1;
  });
  client.release();
  expect(rows[0]).toMatchObject({ idempotency_key: 'gone', wallet: 'a1', status: null });
  expect(rows[0]?.['operation_id']).toMatch(/^1-\d+$/);
});

test('operators find rows by actor, wallet, operation, request and time, page by page', async () => {
  let operationId = '';
  await audited(async () => {
    const posted = await coffer.call('POST', '/wallet/a2/deposit', { amount: 3 }, { 'x-request-id': 'find-me' });
    operationId = String(posted.body['operationId']);
    await coffer.call('POST', '/wallet/a2/deposit', { amount: 4 });
    return 2;
  });
  await coffer.product.users.setRole(bob, 'operator', 'cli');
  const operator = await coffer.login(bob);
  const find = async (query: string) =>
    (await coffer.call('GET', `/audit?${query}`, undefined, operator)).body as { items: Record<string, unknown>[]; next: string | null };
  expect((await find('walletId=a2')).items).toHaveLength(2);
  expect((await find(`operationId=${operationId}`)).items).toMatchObject([{ requestId: 'find-me', walletId: 'a2', status: 201 }]);
  expect((await find('requestId=find-me')).items).toHaveLength(1);
  expect((await find(`actor=user:${alice}`)).items.every(({ actor }) => actor === `user:${alice}`)).toBe(true);
  expect((await find('since=2100-01-01')).items).toEqual([]);
  expect((await find('until=2000-01-01T00:00:00Z')).items).toEqual([]);
  const first = await find('walletId=a2&limit=1');
  const second = await find(`walletId=a2&limit=1&cursor=${first.next}`);
  expect([first.items[0]?.['operationIds'], second.items[0]?.['operationIds']]).not.toContainEqual([]);
  expect(second).toMatchObject({ items: [{ requestId: 'find-me' }], next: null });
  const nonsense = await coffer.call('GET', '/audit?since=2026-13-31T00:00:00Z', undefined, operator);
  expect([nonsense.status, nonsense.body['code']]).toEqual([400, 'invalid_request']);
  // Requests of other callers stay private, in open mode too.
  expect((await coffer.call('GET', '/audit')).status).toBe(401);
  expect((await coffer.call('GET', '/audit', undefined, await coffer.login(alice))).status).toBe(403);
});
