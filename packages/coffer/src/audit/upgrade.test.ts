// A database of the version that hashed the audit row by row: its rows verify, and its processes go on writing beside those of today.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmptyDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { migrate } from '../database/index.ts';
import { silentLog } from '../kernel/index.ts';
import { eraseAuditedText } from './erasing.ts';
import { forgetBefore, insertAudited } from './store.ts';
import type { Audited } from './types.ts';
import { readAuditHeads, verifyAudit } from './verify.ts';
import type { AuditReport } from './verify.ts';

const sql = path.resolve(import.meta.dirname, '../../database');
const dayMs = 86_400_000;
const nowMs = Date.now();

/** As it was up to migration 0085. Its callers send what those of today send. */
const recordRowByRow = `
create or replace function audit.record(
  p_request_id text[], p_transport text[], p_method text[], p_url text[], p_operation text[], p_body text[], p_headers text[],
  p_client_ip text[], p_actor text[], p_started_us text[], p_status text[], p_duration_ms text[], p_idempotency_key text[], p_wallet text[],
  p_book text[], p_seq text[], p_operation_ids text[], p_subject text[], p_salt text[]
) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  newest audit.head;
begin
  select * into newest from audit.head h where h.chain = 'request' for no key update;
  with added as (
    insert into audit.request (id, request_id, transport, method, url, operation, body, headers, client_ip, actor, started_at, status,
      duration_ms, idempotency_key, wallet, book, seq, operation_ids, subject, salt, hash)
    select newest.id + r.position, r.request_id, r.transport, r.method, r.url, r.operation, r.body, r.headers, r.client_ip, r.actor,
      timestamptz 'epoch' + r.started_us::bigint * interval '1 microsecond', r.status::integer, r.duration_ms::real, r.idempotency_key,
      r.wallet, r.book::integer, r.seq::bigint, string_to_array(r.operation_ids, ','), r.subject, r.salt,
      audit.chained(newest.hash, array_send(array[
          (newest.id + r.position)::text, r.request_id, r.transport, r.method, r.operation, r.actor, r.started_us, r.status,
          r.duration_ms::real::text, r.idempotency_key, r.wallet, r.book, r.seq, r.operation_ids
        ]) || sha256(array_send(array[r.salt, r.url, r.body, r.headers, r.client_ip, r.subject]))) over (rows unbounded preceding)
    from unnest(p_request_id, p_transport, p_method, p_url, p_operation, p_body, p_headers, p_client_ip, p_actor, p_started_us, p_status,
      p_duration_ms, p_idempotency_key, p_wallet, p_book, p_seq, p_operation_ids, p_subject, p_salt) with ordinality as r (request_id, transport, method,
      url, operation, body, headers, client_ip, actor, started_us, status, duration_ms, idempotency_key, wallet, book, seq, operation_ids,
      subject, salt, position)
    returning id, hash
  )
  update audit.head set id = last.id, hash = last.hash from (select a.id, a.hash from added a order by a.id desc limit 1) last
  where chain = 'request';
end $$`;

let database: TestDatabase;
let earlier: string;
beforeEach(async () => {
  database = await createEmptyDatabase();
  earlier = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-earlier-'));
  await migrateTo(85);
  await database.pool.query(recordRowByRow);
});
afterEach(async () => {
  await database.drop();
  fs.rmSync(earlier, { recursive: true });
});

/** Without functions, views and rights: those of today refer to tables of later migrations. */
async function migrateTo(last: number): Promise<void> {
  const isLater = (file: string) => Number(path.basename(file).slice(0, 4)) > last || /\/(functions|views|access)\/./.test(file);
  fs.cpSync(sql, earlier, { recursive: true, filter: (file) => !isLater(file) });
  await migrate(database.url, silentLog(), earlier);
}

function rowOf(requestId: string, days: number): Audited {
  return {
    requestId,
    transport: 'http',
    method: 'POST',
    url: '/wallet/käse/deposit',
    operation: 'deposit',
    body: '{"amount":1}',
    headers: '{}',
    clientIp: null,
    actor: 'user:7',
    startedAtMs: nowMs - days * dayMs,
    status: 201,
    durationMs: 1.23456,
    idempotencyKey: null,
    wallet: 'w1',
    subject: null,
    operations: [{ book: 1, seq: 7 }],
  };
}

const write = async (requestIds: readonly string[], days = 2) =>
  await insertAudited(
    database.pool,
    requestIds.map((requestId) => rowOf(requestId, days)),
  );

async function verified(keptSince = new Date(0)): Promise<AuditReport> {
  return await verifyAudit(database.pool, { heads: await readAuditHeads(database.pool), keptSince });
}

async function tamper(statement: string): Promise<void> {
  await database.pool.query('alter table audit.request disable trigger user');
  await database.pool.query(statement);
}

test('rows with a hash of each verify after the upgrade, lead on to calls, and a change of one is named', async () => {
  await write(['a', 'b', 'c']);
  await write(['d']);
  const heads = await readAuditHeads(database.pool);
  await migrate(database.url, silentLog());
  await write(['e', 'f']);
  await write(['g']);
  expect(await verifyAudit(database.pool, { heads, keptSince: new Date(0) })).toMatchObject({
    ok: true,
    chains: [{ rows: 7, lastId: 7 }, {}],
  });
  const { rows } = await database.pool.query('select id from audit.request where hash is not null order by id');
  expect(rows.map(({ id }) => id as number)).toEqual([1, 2, 3, 4, 6, 7]);
  await tamper("update audit.request set actor = 'user:x' where id = 2");
  expect((await verified()).violations).toMatchObject([{ chain: 'request', id: 2 }]);
});

test('a process of the earlier version writes between the migrations and the new functions', async () => {
  await write(['a', 'b']);
  await migrateTo(101);
  await write(['c', 'd']);
  await migrate(database.url, silentLog());
  await write(['e', 'f']);
  expect(await verified()).toMatchObject({ ok: true, chains: [{ rows: 6, lastId: 6 }, {}] });
  await tamper('update audit.request set hash = null where id = 3');
  expect((await verified()).violations).toMatchObject([{ id: 3 }]);
});

test('erasure and retention treat rows of both versions', async () => {
  await write(['a', 'b', 'c'], 90);
  await migrate(database.url, silentLog());
  await write(['d', 'e'], 90);
  await write(['f', 'g'], 90);
  await eraseAuditedText(database.pool, { actors: ['user:7'], subjects: [], until: new Date() });
  expect(await verified()).toMatchObject({ ok: true, chains: [{ rows: 7, erased: 7 }, {}] });
  const before = new Date(nowMs - 30 * dayMs);
  expect(await forgetBefore(database.pool, before, 2)).toBe(2);
  expect(await verified(before)).toMatchObject({ ok: true, chains: [{ rows: 5, lastId: 7 }, {}] });
  expect(await forgetBefore(database.pool, before, 2)).toBe(1);
  expect(await forgetBefore(database.pool, before, 2)).toBe(2);
  expect(await verified(before)).toMatchObject({ ok: true, chains: [{ rows: 2, lastId: 7 }, {}] });
});
