/** A ledger that starts with batches hashed in older formats and continues in the newest. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeEntries, encodeRows } from '../../packages/coffer/src/ledger/chain/chain.ts';
import { chainFormat } from '../../packages/coffer/src/ledger/columns.ts';
import type { ChainFormat } from '../../packages/coffer/src/ledger/columns.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { batchInFormat, post } from './formats.ts';
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
  await openAsBefore();
  const state = new BookState(book, new Set([1]), 1, 1);
  await postInFormat(1, state, [deposit('a', 'one'), deposit('b', 'two')]);
  await postInFormat(1, state, [transfer('three', 10n), transfer('too much', 999n)]);
  await postInFormat(2, state, [transfer('three and a half', 1n)]);
  await postInFormat(3, state, [transfer('three and three quarters', 1n)]);
  const writer = await startWriter(database.url, book);
  await postOne(writer, transfer('four', 5n));
  const held = await postOne(writer, { kind: 'hold', key: 'five', wallet: 'a', amount: 20n });
  await postOne(writer, { kind: 'capture', key: 'six', wallet: 'a', hold: held.seq, credit: { wallet: 'b' }, amount: 15n, final: true });
  await writer.stop();
});
afterAll(() => database.drop());

/** The first batch as a server older than format 3 wrote it: its hash names only the book. */
async function openAsBefore(): Promise<void> {
  const hash = `sha256(convert_to('coffer book ${book}', 'UTF8'))`;
  await changeAsOwner(database, `update ledger.batch set format = 1, hash = ${hash} where book = ${book}`);
}

/** One batch as an older server wrote it, through today's posting function. */
async function postInFormat(format: ChainFormat, state: BookState, operations: readonly Operation[]): Promise<void> {
  const { header, columns } = await batchInFormat(database, book, format, state, operations);
  const [noText] = encodeRows([], [], [], chainFormat);
  const before3 = format < 3 ? [noText, noText] : [];
  const further = encodeEntries([], ({ of }) => of, chainFormat).slice(encodeEntries([], ({ of }) => of, format).length);
  await post(database, [...header, ...before3, ...columns, ...further]);
}

it('verifies from the first batch to the last', async () => {
  const { rows } = await database.pool.query<{ format: number }>('select format from ledger.batch where book = $1 order by batch_no', [
    book,
  ]);
  expect(rows.map(({ format }) => format)).toEqual([1, 1, 1, 2, 3, chainFormat, chainFormat, chainFormat]);
  const report = await verify(database.pool);
  expect(places(report)).toEqual([]);
  expect(report.books.find((one) => one.book === book)).toMatchObject({ entries: 12, batches: 8 });
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
    [2, 1, 2],
    [2, 1, chainFormat],
    [3, 2, 1],
    [3, 2, chainFormat],
    [4, 3, 2],
    [4, 3, chainFormat],
    [5, chainFormat, 3],
    [5, chainFormat, chainFormat + 1],
  ] as const) {
    const declare = (format: number) =>
      changeAsOwner(database, `update ledger.batch set format = ${format} where book = ${book} and batch_no = ${batchNo}`);
    await declare(changed);
    const found = places(await verify(database.pool));
    await declare(declared);
    expect(found).toContainEqual(expect.stringMatching(`^I11 (batch ${batchNo} of book ${book}|${book}-\\d+$)`));
  }
});

it('declares its ledger and its assets once, in the first batch of format 3', async () => {
  const { rows } = await database.pool.query<{ batch_no: number; kind: string }>(
    'select batch_no, kind from ledger.declaration where book = $1 order by batch_no, position',
    [book],
  );
  expect(rows).toEqual(['ledger', 'asset', 'asset', 'asset', 'asset'].map((kind) => ({ batch_no: 4, kind })));
});

it('reports another identity, another time of opening, and another definition of an asset', async () => {
  const first = `I11 batch 4 of book ${book} (seq `;
  for (const [change, back, at] of [
    ['update ledger.identity set id = gen_random_uuid()', `update ledger.identity set id = '${await identity()}'`, first],
    [
      `update ledger.book set created_at = created_at + interval '1 microsecond' where book = ${book}`,
      `update ledger.book set created_at = created_at - interval '1 microsecond' where book = ${book}`,
      first,
    ],
    [
      "update ledger.asset set scale = 0 where code = 'USD'",
      "update ledger.asset set scale = 2 where code = 'USD'",
      'I11 asset 3 in book ',
    ],
    [
      "update ledger.asset set name = 'Gold' where id = 1",
      "update ledger.asset set name = 'Gold Coins' where id = 1",
      'I11 asset 1 in book ',
    ],
    [
      "update ledger.declaration set body = replace(body::text, '\"scale\":2', '\"scale\":0')::json where kind = 'asset'",
      `update ledger.declaration set body = replace(body::text, '"scale":0', '"scale":2')::json where body ->> 'id' in ('3', '4')`,
      first,
    ],
  ] as const) {
    await changeAsOwner(database, change);
    const found = places(await verify(database.pool));
    await changeAsOwner(database, back);
    expect(found).toEqual([expect.stringContaining(at)]);
    expect(places(await verify(database.pool))).toEqual([]);
  }
});

async function identity(): Promise<string> {
  const { rows } = await database.pool.query<{ id: string }>('select id from ledger.identity');
  return rows[0]?.id ?? '';
}
