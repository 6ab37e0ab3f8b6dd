import { afterEach, expect, test } from 'vitest';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import { auditedRows, startWatched } from './watched.ts';
import type { Watched } from './watched.ts';

let coffer: Watched | undefined;
afterEach(async () => await coffer?.stop());

const nowhere = 'postgres://nobody@127.0.0.1:1/nowhere';

test('during a database outage requests are served, rows are buffered, and rows over the bound are counted as dropped', async () => {
  coffer = await startWatched({ audit: { url: nowhere, rowsMax: 5 } });
  for (let time = 0; time < 8; time++) expect((await coffer.call('POST', '/wallet/o1/deposit', { amount: 1 })).status).toBe(201);
  await expect.poll(() => coffer?.audit.counts).toEqual({ waiting: 5, written: 0, dropped: 3 });
  await coffer.audit.stop();
  expect(coffer.audit.counts).toEqual({ waiting: 0, written: 0, dropped: 8 });
});

test('buffered text is bounded too', async () => {
  coffer = await startWatched({ audit: { url: nowhere, charactersMax: 10_000 } });
  const body = { amount: 1, metadata: { note: 'x'.repeat(4_000) } };
  for (let time = 0; time < 4; time++) expect((await coffer.call('POST', '/wallet/o1/deposit', body)).status).toBe(201);
  await expect.poll(() => coffer?.audit.counts).toEqual({ waiting: 2, written: 0, dropped: 2 });
});

test('buffered rows are written when the database is back', async () => {
  let told = '';
  const log = createLog({ level: 'warn', pretty: false, destination: { write: (line) => void (told += line) } });
  coffer = await startWatched({ log });
  await coffer.pool.query('alter table audit.request rename to request_away');
  expect((await coffer.call('POST', '/wallet/o1/deposit', { amount: 1, requestId: 'waits' })).status).toBe(201);
  await expect.poll(() => told).toContain('Cannot write the audit');
  expect(coffer.audit.counts).toEqual({ waiting: 1, written: 0, dropped: 0 });
  await coffer.pool.query('alter table audit.request_away rename to request');
  const [row] = await auditedRows(coffer, 1);
  expect(row).toMatchObject({ idempotency_key: 'waits', status: 201 });
  expect(coffer.audit.counts).toEqual({ waiting: 0, written: 1, dropped: 0 });
});

test('text that PostgreSQL cannot store is stored as far as possible', async () => {
  coffer = await startWatched();
  coffer.audit.note({
    requestId: 'r',
    transport: 'http',
    method: 'POST',
    url: 'nul \0, half a pair \ud800',
    operation: null,
    body: 'x'.repeat(1_000_000),
    headers: '{}',
    clientIp: null,
    actor: "'; drop table audit.request; --",
    startedAtMs: Date.now(),
    status: null,
    durationMs: 1,
    idempotencyKey: '\0',
    wallet: null,
    subject: null,
    operations: Array.from({ length: 10_000 }, (_, seq) => ({ book: 1, seq: seq + 1 })),
  });
  const [row] = await auditedRows(coffer, 1);
  expect(row).toMatchObject({ url: 'nul \ufffd, half a pair \ufffd', actor: "'; drop table audit.request; --", operation_id: '1-1' });
  expect(String(row?.['body'])).toHaveLength(16_384);
  expect(row?.['operation_ids']).toEqual(expect.arrayContaining(['1-1', '1-2', '1-3']));
});

test('a row that the database rejects is dropped without the others', async () => {
  const product = await startWatched();
  coffer = product;
  await coffer.pool.query(`alter table audit.request add check (idempotency_key <> 'poison')`);
  const keys = ['a', 'b', 'poison', 'c', 'd'];
  await Promise.all(keys.map((requestId) => product.call('POST', '/wallet/o1/deposit', { amount: 1, requestId })));
  const rows = await auditedRows(coffer, 4);
  expect(rows.map((row) => String(row['idempotency_key'])).toSorted((a, b) => a.localeCompare(b))).toEqual(['a', 'b', 'c', 'd']);
  await expect.poll(() => coffer?.audit.counts).toEqual({ waiting: 0, written: 4, dropped: 1 });
});

test('stopping writes the buffered rows', async () => {
  coffer = await startWatched();
  await coffer.call('POST', '/wallet/o1/deposit', { amount: 1 });
  // The row is buffered when the answer is sent, and the caller may see the answer first.
  await expect.poll(() => (coffer?.audit.counts.waiting ?? 0) + (coffer?.audit.counts.written ?? 0)).toBe(1);
  await coffer.audit.stop();
  expect((await coffer.pool.query('select from api_audit')).rowCount).toBe(1);
});

test('rows are immutable and are deleted only by age', async () => {
  coffer = await startWatched();
  await coffer.call('POST', '/wallet/o1/deposit', { amount: 1 });
  await auditedRows(coffer, 1);
  const { pool } = coffer;
  for (const attempt of ['update audit.request set actor = $$x$$', 'delete from audit.request', 'truncate audit.request'])
    await expect(pool.query(attempt)).rejects.toMatchObject({ code: '23001' });
  // Rows of the last day stay, however short the retention.
  expect((await pool.query<{ n: number }>('select audit.forget_before(clock_timestamp(), 100) as n')).rows[0]?.n).toBe(0);

  // Ids increase with time: the old rows come first.
  await pool.query(`insert into audit.request (id, request_id, transport, method, url, headers, actor, started_at, duration_ms)
    select -n, 'old', 'http', 'POST', '/', '{}', 'anonymous', clock_timestamp() - interval '91 days', 1 from generate_series(1, 3) n`);
  expect(await coffer.audit.forgetOld()).toBeGreaterThanOrEqual(3);
  const { rows } = await pool.query<{ request_id: string }>('select request_id from audit.request where id = 1');
  expect(rows).toHaveLength(1);
});
