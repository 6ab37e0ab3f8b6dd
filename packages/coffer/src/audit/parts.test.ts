// Requests are stored in parts of consecutive ids; a part is dropped once age has removed its rows.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';

import { createPool, inRole } from '../database/index.ts';
import { silentLog } from '../kernel/index.ts';
import { eraseAuditedText } from './erasing.ts';
import { readAudit } from './reading.ts';
import { forgetBefore, insertAudited } from './store.ts';
import type { Audited } from './types.ts';
import { verifyAudit } from './verify.ts';

const dayMs = 86_400_000;
const nowMs = Date.now();

let database: TestDatabase;
let writer: ReturnType<typeof createPool>;
beforeEach(async () => {
  database = await createTestDatabase();
  writer = createPool(inRole(database.url, 'writer'), silentLog(), { applicationName: 'test' });
});
afterEach(async () => {
  await writer.end();
  await database.drop();
});

function rowOf(requestId: string, days: number): Audited {
  return {
    requestId,
    transport: 'http',
    method: 'POST',
    url: '/wallet/w/deposit',
    operation: 'deposit',
    body: '{"amount":1}',
    headers: '{}',
    clientIp: null,
    actor: 'user:7',
    startedAtMs: nowMs - days * dayMs,
    status: 201,
    durationMs: 1,
    idempotencyKey: null,
    wallet: 'w1',
    subject: null,
    operations: [],
  };
}

const write = async (requestIds: readonly string[], days = 2) =>
  await insertAudited(
    writer,
    requestIds.map((requestId) => rowOf(requestId, days)),
  );

/** The first part ends after this row. */
async function endFirstPartAt(id: number): Promise<void> {
  await database.pool.query('alter table audit.request detach partition audit.request_0');
  await database.pool.query(`alter table audit.request attach partition audit.request_0 for values from (minvalue) to (${id + 1})`);
  await database.pool.query('update audit.part set next_id = $1', [id + 1]);
}

async function parts(): Promise<string[]> {
  const { rows } = await database.pool.query<{ part: string }>(
    `select inhrelid::regclass::text as part from pg_inherits where inhparent = 'audit.request'::regclass order by 1`,
  );
  return rows.map(({ part }) => part);
}

async function verified(keptSince = new Date(0)) {
  return await verifyAudit(database.pool, { heads: [], keptSince });
}

test('a call that does not fit into a part begins the next one, and reads, proofs and erasure span both', async () => {
  await endFirstPartAt(4);
  await write(['a', 'b', 'c']);
  expect(await parts()).toEqual(['audit.request_0']);
  await write(['d', 'e', 'f']);
  await write(['g']);
  expect(await parts()).toEqual(['audit.request_0', 'audit.request_1']);
  const { rows } = await database.pool.query(
    'select tableoid::regclass::text as part, count(*) as rows from audit.request group by 1 order by 1',
  );
  expect(rows).toEqual([
    { part: 'audit.request_0', rows: 4 },
    { part: 'audit.request_1', rows: 3 },
  ]);
  const found = await readAudit(writer, { wallet: 'w1' }, 10);
  expect(found.map(({ requestId }) => requestId)).toEqual(['g', 'f', 'e', 'd', 'c', 'b', 'a']);
  await eraseAuditedText(writer, { actors: ['user:7'], subjects: [], until: new Date() });
  expect(await verified()).toMatchObject({ ok: true, chains: [{ rows: 7, erased: 7 }, {}] });
});

test('a part has the indexes, the checks and the triggers of the first one', async () => {
  await endFirstPartAt(1);
  await write(['a', 'b']);
  const { rows } = await database.pool.query<{ part: string; of: string[] }>(`
    select p::text as part, array(
      select regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE INDEX .* USING', '') from pg_index i where i.indrelid = p order by 1
    ) || array(select pg_get_constraintdef(c.oid) from pg_constraint c where c.conrelid = p order by 1)
      || array(select concat(t.tgname, t.tgenabled, t.tgtype) from pg_trigger t where t.tgrelid = p order by 1)
      || (select array_agg(o order by o) from pg_class c, unnest(c.reloptions) o where c.oid = p) as of
    from unnest(array['audit.request_0', 'audit.request_1']::regclass[]) p`);
  expect(rows[0]?.of.length).toBeGreaterThan(10);
  expect(rows[1]?.of).toEqual(rows[0]?.of);
  for (const attempt of ['update audit.request_1 set actor = $$x$$', 'delete from audit.request_1', 'truncate audit.request_1'])
    await expect(database.pool.query(attempt)).rejects.toMatchObject({ code: '23001' });
  await expect(writer.query('select from audit.request_1')).rejects.toThrow('permission denied');
});

test('retention drops a part when its last row is old, and waits for no reader of it', async () => {
  await endFirstPartAt(3);
  for (const requestId of ['a', 'b', 'c', 'd', 'e']) await write([requestId], 90);
  await write(['f']);
  const before = new Date(nowMs - 30 * dayMs);
  expect(await forgetBefore(writer, before, 3)).toBe(3);
  const reader = await database.pool.connect();
  await reader.query('begin; select count(*) from audit.request');
  expect(await forgetBefore(writer, before, 3)).toBe(1);
  expect(await parts()).toEqual(['audit.request_0', 'audit.request_1']);
  await reader.query('commit');
  reader.release();
  expect(await forgetBefore(writer, before, 3)).toBe(0);
  expect(await parts()).toEqual(['audit.request_1']);
  await write(['g']);
  expect(await verified(before)).toMatchObject({ ok: true, chains: [{ rows: 3, lastId: 7 }, {}] });
});

test('the next part has the size of three days at the pace of the last one', async () => {
  await endFirstPartAt(100_000);
  const sizeAfter = async (days: number) => {
    await database.pool.query(
      `update audit.part set created_at = now() - $1 * interval '1 day' where number = (select max(number) from audit.part)`,
      [days],
    );
    await database.pool.query('select audit.add_part()');
    const { rows } = await database.pool.query<{ size: number }>(
      'select (next_id - first_id)::int as size from audit.part order by number desc limit 1',
    );
    return rows[0]?.size;
  };
  expect(await sizeAfter(0)).toBe(1_600_000);
  expect(await sizeAfter(1)).toBeCloseTo(4_800_000, -4);
  expect(await sizeAfter(30)).toBeCloseTo(480_000, -4);
  expect(await sizeAfter(300)).toBe(100_000);
});
