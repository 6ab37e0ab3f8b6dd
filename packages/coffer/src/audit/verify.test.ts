import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { forgetBefore, insertAudited } from './store.ts';
import type { Audited } from './types.ts';
import { readAuditHeads, verifyAudit } from './verify.ts';
import type { AuditHead, AuditReport } from './verify.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => await database.drop());

const row: Audited = {
  requestId: 'r1',
  transport: 'http',
  method: 'POST',
  url: '/wallet/käse/deposit',
  operation: 'deposit',
  body: '{"amount":1}',
  headers: '{}',
  clientIp: '127.0.0.1',
  actor: 'anonymous',
  startedAtMs: 1_764_000_000_123.4,
  status: 201,
  durationMs: 1.23456,
  idempotencyKey: 'k1',
  wallet: 'w1',
  subject: 'jane@example.com',
  operations: [
    { book: 1, seq: 7 },
    { book: 2, seq: 9 },
  ],
};

/** Two calls of three rows each: with everything, with nothing that may be absent, with an empty body. A hash covers the rows of a call. */
async function fill(): Promise<void> {
  const bare = {
    ...row,
    operation: null,
    body: null,
    clientIp: null,
    status: null,
    idempotencyKey: null,
    wallet: null,
    subject: null,
    operations: [],
  };
  for (const requestId of ['a', 'b']) {
    await insertAudited(database.pool, [
      { ...row, requestId },
      { ...bare, requestId },
      { ...row, body: '', requestId },
    ]);
  }
}

async function verified(heads: readonly AuditHead[] = [], keptSince = new Date(0)): Promise<AuditReport> {
  return await verifyAudit(database.pool, { heads, keptSince });
}

/** As the database's owner, who can disable triggers. */
async function tamper(sql: string): Promise<void> {
  await database.pool.query('alter table audit.request disable trigger user; alter table audit.change disable trigger user');
  await database.pool.query(sql);
}

async function change(subject: string): Promise<void> {
  await database.pool.query(`select audit.record_change('keys.create', $1, null, '{"scopes": ["x"]}', 'operator:1', null)`, [subject]);
}

test('rows of requests and of changes verify, and heads name their ends', async () => {
  await fill();
  await change('k1');
  await change('k2');
  const report = await verified(await readAuditHeads(database.pool));
  expect(report.violations).toEqual([]);
  expect(report.chains).toEqual([
    expect.objectContaining({ chain: 'request', rows: 6, lastId: 6, unchained: 0, erased: 0 }),
    expect.objectContaining({ chain: 'change', rows: 2, lastId: 2 }),
  ]);
  expect(await readAuditHeads(database.pool)).toMatchObject(
    report.chains.map(({ chain, lastId: id, hash }) => ({ audit: chain, id, hash })),
  );
});

describe('the verifier names', () => {
  test.each([
    ['a changed body', "update audit.request set body = '{}' where id = 3", 1],
    ['a changed actor', "update audit.request set actor = 'user:x' where id = 4", 4],
    ['a changed time', "update audit.request set started_at = started_at + interval '1 microsecond' where id = 2", 1],
    ['a changed duration', 'update audit.request set duration_ms = 1.2347 where id = 5', 4],
    ['a changed operation', 'update audit.request set seq = 8 where id = 1', 1],
    ['a changed salt', "update audit.request set salt = 'x' where id = 5", 4],
    ['a removed row', 'delete from audit.request where id = 3', 3],
    ['the removed first row', 'delete from audit.request where id = 1', 1],
    ['a removed last row', 'delete from audit.request where id = 6', null],
    ['two swapped rows', 'update audit.request set id = -id where id in (2, 5); update audit.request set id = 7 + id where id < 0', 1],
    [
      'two rows of a call in another order',
      'update audit.request set id = -id where id in (1, 2); update audit.request set id = 3 + id where id < 0',
      1,
    ],
    [
      'a removed row whose successors moved up',
      "delete from audit.request where id = 5; update audit.request set id = 5 where id = 6; update audit.head set id = 5 where chain = 'request'",
      4,
    ],
    [
      'a call whose last row was removed, and its hash with it',
      `with gone as (delete from audit.request where id = 6 returning hash) update audit.request set hash = gone.hash from gone where id = 5;
        update audit.head set id = 5 where chain = 'request'`,
      4,
    ],
    ['a removed last call', 'delete from audit.request where id > 3', null],
    [
      'an inserted row',
      `insert into audit.request select (r).* from (select jsonb_populate_record(q, '{"id": 7}') r from audit.request q where id = 6) s`,
      7,
    ],
    ['a call without a hash', 'update audit.request set hash = null where id = 3', 1],
    ['a last call without a hash', 'update audit.request set hash = null where id = 6', null],
    ['calls that pass for rows with a hash of each', "update audit.head set by_call_after = 6 where chain = 'request'", 1],
    ['a moved head', "update audit.head set id = 3, hash = (select hash from audit.request where id = 3) where chain = 'request'", null],
    ['a changed record of a change', `update audit.change set after = '{"scopes": ["y"]}' where id = 1`, 1],
    ['a removed record of a change', 'delete from audit.change where id = 1', 1],
  ])('%s', async (_what, sql, id) => {
    await fill();
    await change('k1');
    await change('k2');
    await tamper(sql);
    const { ok, violations } = await verified();
    expect(ok).toBe(false);
    expect(violations.map((violation) => violation.id)).toEqual([id]);
  });

  test('a history that was rewritten, by a head kept elsewhere', async () => {
    await fill();
    const heads = await readAuditHeads(database.pool);
    await tamper(`delete from audit.request; update audit.head set id = anchor_id, hash = anchor_hash where chain = 'request'`);
    await fill();
    expect((await verified()).ok).toBe(true);
    expect((await verified(heads)).violations).toMatchObject([
      { chain: 'request', id: 6, what: expect.stringContaining('recorded') as string },
    ]);
  });
});

describe('with a head of the end kept elsewhere, the verifier still names', () => {
  const cut = (table: string, chain: string) =>
    `update audit.head set anchor_id = 3, anchor_hash = (select hash from ${table} where id = 3) where chain = '${chain}'`;

  test.each([
    ['a removed beginning of the changes', `${cut('audit.change', 'change')}; delete from audit.change where id <= 3`, 'change'],
    [
      'a changed beginning of the changes',
      `${cut('audit.change', 'change')}; update audit.change set actor = 'key:x' where id = 1`,
      'change',
    ],
    ['a removed beginning of the requests', `${cut('audit.request', 'request')}; delete from audit.request where id <= 3`, 'request'],
    [
      'changed requests that pass for rows from before the chain',
      `${cut('audit.request', 'request')}; update audit.request set hash = null, actor = 'key:x' where id <= 3`,
      'request',
    ],
    [
      'a removed chain of requests',
      `update audit.head set anchor_id = id, anchor_hash = hash where chain = 'request'; delete from audit.request`,
      'request',
    ],
  ])('%s', async (_what, sql, chain) => {
    await fill();
    for (const subject of ['k1', 'k2', 'k3', 'k4']) await change(subject);
    const heads = await readAuditHeads(database.pool);
    await tamper(sql);
    const { violations } = await verified(heads);
    expect(violations).toMatchObject([{ chain }]);
  });
});

test('several processes that write at once make one chain', async () => {
  await Promise.all(
    Array.from({ length: 20 }, async (_, at) => await insertAudited(database.pool, [row, { ...row, requestId: `r${at}` }])),
  );
  await Promise.all(Array.from({ length: 10 }, async (_, at) => await change(`k${at}`)));
  const { violations, chains } = await verified();
  expect(violations).toEqual([]);
  expect(chains.map(({ rows, lastId }) => [rows, lastId])).toEqual([
    [40, 40],
    [10, 10],
  ]);
});

describe('retention', () => {
  const dayMs = 86_400_000;
  const nowMs = Date.now();
  const old = (days: number) => ({ ...row, startedAtMs: nowMs - days * dayMs });

  test('removes the beginning of the chain, and the rest verifies', async () => {
    for (const days of [90, 80, 10, 70, 2]) await insertAudited(database.pool, [old(days)]);
    const before = new Date(nowMs - 30 * dayMs);
    expect(await forgetBefore(database.pool, before, 1)).toBe(1);
    // The row of 70 days is behind a younger one, and stays until that one is old. That of 80 days shows that nothing younger was deleted.
    expect(await forgetBefore(database.pool, before, 10)).toBe(0);
    await insertAudited(database.pool, [row]);
    const { violations, chains } = await verified([], before);
    expect(violations).toEqual([]);
    expect(chains[0]).toMatchObject({ rows: 5, lastId: 6 });
  });

  test('explains a head that is gone only if its row was old enough', async () => {
    await insertAudited(database.pool, [old(90)]);
    const heads = await readAuditHeads(database.pool);
    for (const days of [90, 90, 2]) await insertAudited(database.pool, [old(days)]);
    expect(await forgetBefore(database.pool, new Date(nowMs - 30 * dayMs), 10)).toBe(2);
    expect((await verified(heads, new Date(nowMs + dayMs))).ok).toBe(true);
    expect((await verified(heads, new Date(nowMs - dayMs))).violations).toMatchObject([{ id: 1, found: 'no row' }]);
  });

  test('removes rows that were written together at once, even if they are more than it may remove', async () => {
    await insertAudited(
      database.pool,
      Array.from({ length: 40 }, () => old(90)),
    );
    await insertAudited(database.pool, [old(90), old(2)]);
    const before = new Date(nowMs - 30 * dayMs);
    expect(await forgetBefore(database.pool, before, 3)).toBe(40);
    expect(await forgetBefore(database.pool, before, 3)).toBe(0);
    expect(await verified([], before)).toMatchObject({ ok: true, chains: [{ rows: 2, lastId: 42 }, {}] });
  });

  test('also removes rows from before the chain', async () => {
    await tamper(`insert into audit.request (id, request_id, transport, method, url, headers, actor, started_at, duration_ms)
      select n - 5, 'old', 'http', 'POST', '/', '{}', 'anonymous', now() - interval '90 days', 1 from generate_series(1, 3) n`);
    await fill();
    expect((await verified()).chains[0]).toMatchObject({ rows: 6, unchained: 3 });
    expect(await forgetBefore(database.pool, new Date(nowMs - 30 * dayMs), 3)).toBe(3);
    expect(await verified()).toMatchObject({ ok: true, chains: [{ rows: 6, unchained: 0 }, {}] });
    expect(await forgetBefore(database.pool, new Date(nowMs - 30 * dayMs), 10)).toBe(3);
    expect(await verified([], new Date(nowMs - 30 * dayMs))).toMatchObject({ ok: true, chains: [{ rows: 3, unchained: 0 }, {}] });
  });
});
