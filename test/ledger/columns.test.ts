// Compares the column table of a log row with the database and with the function that inserts rows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entryColumns } from '../../packages/coffer/src/ledger/columns.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('the table lists every column of ledger.entry except its position in the log', async () => {
  const { rows } = await database.pool.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_schema = 'ledger' and table_name = 'entry'`,
  );
  const kept = [...entryColumns.map(({ name }) => name), 'book', 'seq', 'recorded_at'];
  expect(rows.map(({ name }) => name).toSorted()).toEqual(kept.toSorted());
});

test('the posting function takes the columns in the order and with the types of the table', async () => {
  const { rows } = await database.pool.query<{ parameters: string }>(
    `select pg_get_function_arguments(p.oid) as parameters from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'ledger' and p.proname = 'post_batch'`,
  );
  const typeNames = { int8: 'bigint', timestamptz: 'timestamp with time zone', text: 'text', numeric: 'numeric', bytea: 'bytea' };
  const taken = rows[0]?.parameters.split(', ').slice(-entryColumns.length);
  expect(taken).toEqual(entryColumns.map(({ name, type }) => `p_${name} ${typeNames[type]}[]`));
});
