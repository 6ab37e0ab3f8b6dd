import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { readAudit } from './reading.ts';
import { insertAudited } from './store.ts';
import type { Audited } from './types.ts';

const count = 5_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const rows = Array.from({ length: count }, (_, at) => rowOf(at + 1));
  for (let at = 0; at < count; at += 1_000) await insertAudited(database.pool, rows.slice(at, at + 1_000));
  await database.pool.query(
    `select brin_summarize_new_values('audit.request_0_by_content'), brin_summarize_new_values('audit.request_0_by_time')`,
  );
});
afterAll(async () => await database.drop());

/** Row n is of wallet w1, w2 … w1000, w1 …; by user:7 if n is a multiple of 2,500. */
function rowOf(n: number): Audited {
  return {
    requestId: `r${n}`,
    transport: 'http',
    method: 'POST',
    url: '/wallet/w/deposit',
    operation: 'deposit',
    body: '{"amount":1}',
    headers: '{}',
    clientIp: null,
    actor: n % 2_500 === 0 ? 'user:7' : 'key:1',
    startedAtMs: Date.UTC(2026, 0, 1) + n * 1_000,
    status: 201,
    durationMs: 1,
    idempotencyKey: null,
    wallet: `w${((n - 1) % 1_000) + 1}`,
    subject: null,
    operations: [{ book: (n % 2) + 1, seq: n }],
  };
}

async function found(filter: Parameters<typeof readAudit>[1], limit = 50): Promise<number[]> {
  return (await readAudit(database.pool, filter, limit)).map(({ id }) => id);
}

test('the newest rows come first, and pages follow each other without a gap', async () => {
  expect(await found({}, 3)).toEqual([5_000, 4_999, 4_998]);
  expect(await found({ before: 4_998 }, 2)).toEqual([4_997, 4_996]);
  const all: number[] = [];
  for (let page = await found({}, 1_999); page.length > 0; page = await found({ before: page.at(-1) }, 1_999)) all.push(...page);
  expect(all).toEqual(Array.from({ length: count }, (_, at) => count - at));
});

test('every filter finds the rows, however old, and only those', async () => {
  expect(await found({ wallet: 'w1' })).toEqual([4_001, 3_001, 2_001, 1_001, 1]);
  expect(await found({ actor: 'user:7' })).toEqual([5_000, 2_500]);
  expect(await found({ actor: 'key:1', wallet: 'w500' })).toEqual([4_500, 3_500, 1_500, 500]);
  expect(await found({ requestId: 'r2' })).toEqual([2]);
  expect(await found({ operation: { book: 1, seq: 2 } })).toEqual([2]);
  expect(await found({ operation: { book: 2, seq: 2 } })).toEqual([]);
  const since = new Date(Date.UTC(2026, 0, 1) + 10_000);
  expect(await found({ since, until: new Date(since.getTime() + 2_000) })).toEqual([11, 10]);
  expect(await found({ wallet: 'w1', before: 3_001 }, 1)).toEqual([2_001]);
  expect(await found({ before: Number.MAX_SAFE_INTEGER }, 1)).toEqual([5_000]);
});
