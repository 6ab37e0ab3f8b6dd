/** A ledger that starts with batches hashed in format 1 and continues in format 2. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chainHash, encodeBatch } from '../../packages/coffer/src/ledger/chain/chain.ts';
import type { Rows } from '../../packages/coffer/src/ledger/chain/chain.ts';
import { chainFormat } from '../../packages/coffer/src/ledger/columns.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { decideTogether } from '../../packages/coffer/src/ledger/posting/batch.ts';
import { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import { prepare } from '../../packages/coffer/src/ledger/rules/prepared.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { changeAsOwner, places } from './tampering.ts';

let database: TestDatabase;
let book: number;

const opens = { owner: null, asset: 1, floor: 0n };
const deposit = (wallet: string, key: string): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet, opens },
  amount: 100n,
});
const transfer = (key: string, amount: bigint): Operation => ({
  kind: 'transfer',
  key,
  debit: { wallet: 'a' },
  credit: { wallet: 'b' },
  amount,
});

beforeAll(async () => {
  database = await createTestDatabase();
  book = await newBook(database);
  const state = new BookState(book, new Set([1]), 1, 1);
  await postInFormat1(state, [deposit('a', 'one'), deposit('b', 'two')]);
  await postInFormat1(state, [transfer('three', 10n), transfer('too much', 999n)]);
  const writer = await startWriter(database.url, book);
  await postOne(writer, transfer('four', 5n));
  const held = await postOne(writer, { kind: 'hold', key: 'five', wallet: 'a', amount: 20n });
  await postOne(writer, { kind: 'capture', key: 'six', wallet: 'a', hold: held.seq, credit: { wallet: 'b' }, amount: 15n, final: true });
  await writer.stop();
});
afterAll(() => database.drop());

/** One batch as a server older than format 2 wrote it: without the later columns, and hashed without them. */
async function postInFormat1(state: BookState, operations: readonly Operation[]): Promise<void> {
  const { pool } = database;
  const { rows: heads } = await pool.query<{ batch_no: number; last_seq: number; hash: Buffer; recorded_at: Date }>(
    'select batch_no, last_seq, hash, recorded_at from ledger.batch where book = $1 order by batch_no desc limit 1',
    [book],
  );
  const head = heads[0];
  if (!head) throw new Error('the book was opened');
  const recordedAt = new Date(head.recorded_at.getTime() + 1_000);
  const rows: Rows = { openings: [], entries: [] };
  for (const operation of operations) decideTogether(state, { operations: [prepare(operation)], linked: false }, recordedAt, rows);
  const header = { book, batchNo: head.batch_no + 1, firstSeq: head.last_seq + 1, recordedAt };
  const columns = encodeBatch(rows, 1);
  const further = encodeBatch({ openings: [], entries: [] }).slice(columns.length);
  const hash = chainHash(head.hash, header, columns, 1);
  const values = [book, header.batchNo, head.hash, hash, 1, header.firstSeq, rows.entries.length, recordedAt.getTime() * 1000];
  const all = [...values, ...columns, ...further];
  await pool.query(`select ledger.post_batch(${all.map((_, at) => `$${at + 1}`).join(', ')})`, all);
}

it('verifies from the first batch to the last', async () => {
  const { rows } = await database.pool.query<{ format: number }>('select format from ledger.batch where book = $1 order by batch_no', [
    book,
  ]);
  expect(rows.map(({ format }) => format)).toEqual([1, 1, 1, chainFormat, chainFormat, chainFormat]);
  const report = await verify(database.pool);
  expect(places(report)).toEqual([]);
  expect(report.books.find((one) => one.book === book)).toMatchObject({ entries: 10, batches: 6 });
});

it('reports a row of the old format that has a value in a column of the new one', async () => {
  await changeAsOwner(database, `update ledger.entry set spent_day = 10, spent_month = 10 where book = ${book} and key = 'three'`);
  const found = places(await verify(database.pool));
  await changeAsOwner(database, `update ledger.entry set spent_day = null, spent_month = null where book = ${book} and key = 'three'`);
  const { rows } = await database.pool.query<{ seq: number }>("select seq from ledger.entry where book = $1 and key = 'three'", [book]);
  expect(found).toEqual([`I2 ${book}-${rows[0]?.seq}`, `I11 ${book}-${rows[0]?.seq}`]);
});

it('reports a batch whose declared format was changed', async () => {
  for (const [batchNo, declared, changed] of [
    [2, 1, chainFormat],
    [3, chainFormat, 1],
  ] as const) {
    const declare = (format: number) =>
      changeAsOwner(database, `update ledger.batch set format = ${format} where book = ${book} and batch_no = ${batchNo}`);
    await declare(changed);
    const found = places(await verify(database.pool));
    await declare(declared);
    // By the batch, or by its entry with a value in a column of a later format.
    expect(found).toEqual([expect.stringMatching(new RegExp(`^I11 (batch ${batchNo} of book ${book}|${book}-8)`))]);
  }
});
