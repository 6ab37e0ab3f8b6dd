import { expect, test } from 'vitest';
import type pg from 'pg';
import { insertAudited } from './store.ts';
import type { Audited } from './types.ts';

const row: Audited = {
  requestId: 'r1',
  transport: 'http',
  method: 'POST',
  url: '/wallet/w1/deposit',
  operation: 'deposit',
  body: '{"amount":1}',
  headers: '{}',
  clientIp: '127.0.0.1',
  actor: 'anonymous',
  startedAtMs: 1_000,
  status: 201,
  durationMs: 1.23456,
  idempotencyKey: 'k1',
  wallet: 'w1',
  subject: 'jane@example.com',
  operations: [],
};

/** The columns of rows as sent, in the order of audit.record's parameters. */
async function sent(...rows: Audited[]): Promise<(string | null)[][]> {
  let values: unknown[] = [];
  const query = (sent: { values: unknown[] }) => {
    values = sent.values;
    return Promise.resolve({ rows: [] });
  };
  await insertAudited({ query } as unknown as pg.Pool, rows);
  return values.map((column) => parsedArray(column as Buffer));
}

/** An array in PostgreSQL's binary format: the number of dimensions, two words, the length, a word; then each item after its length, -1 for null. */
function parsedArray(bytes: Buffer): (string | null)[] {
  const items: (string | null)[] = [];
  for (let at = 20; at < bytes.length;) {
    const length = bytes.readInt32BE(at);
    at += 4;
    items.push(length === -1 ? null : bytes.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return items;
}

const [body, status, book, seq, ids] = [5, 10, 14, 15, 16] as const;

test('a body that is too long is truncated, with an ellipsis', async () => {
  const columns = await sent({ ...row, body: 'x'.repeat(20_000) });
  expect(columns[body]).toEqual([`${'x'.repeat(16_383)}…`]);
});

test('a request without operations has none; one with one has its position; one with several also has their list', async () => {
  const one = { ...row, operations: [{ book: 1, seq: 7 }] };
  const two = {
    ...row,
    operations: [
      { book: 1, seq: 7 },
      { book: 2, seq: 9 },
    ],
  };
  const columns = await sent(row, one, two);
  expect(columns[book]).toEqual([null, '1', '1']);
  expect(columns[seq]).toEqual([null, '7', '7']);
  expect(columns[ids]).toEqual([null, null, '1-7,2-9']);
});

test('a truncated list of operations ends with a complete id', async () => {
  const operations = Array.from({ length: 10_000 }, (_, at) => ({ book: 1, seq: at + 1 }));
  const [list = ''] = (await sent({ ...row, operations }))[ids] ?? [];
  expect(String(list).length).toBeLessThanOrEqual(32_768);
  const kept = String(list).split(',');
  expect(kept).toEqual(operations.slice(0, kept.length).map(({ seq: place }) => `1-${place}`));
});

test('the row of a caller who disconnected before the answer has no status', async () => {
  expect((await sent({ ...row, status: null }, row))[status]).toEqual([null, '201']);
});
