import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmptyDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { until } from '../../../../test/support/until.ts';
import { silentLog } from '../kernel/index.ts';
import { emptyDatabase, migrate } from './index.ts';

let database: TestDatabase;
let folder: string;
const log = silentLog();

beforeEach(async () => {
  database = await createEmptyDatabase();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-migrations-'));
});
afterEach(async () => {
  await database.drop();
  fs.rmSync(folder, { recursive: true });
});

function write(name: string, sql: string): void {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), sql);
}

test('applies each migration once, in numeric order, and functions before views', async () => {
  write('views/total.sql', 'create or replace view total as select answer() as total');
  write('functions/answer.sql', `create or replace function answer() returns bigint language sql as 'select count(*) from b'`);
  write('migrations/0001_b.sql', 'create table b as select * from a');
  write('migrations/0000_a.sql', 'create table a as select 1 as one');
  expect(await migrate(database.url, log, folder)).toEqual({
    applied: ['0000_a', '0001_b'],
    definitionsRenewed: true,
  });
  expect(await migrate(database.url, log, folder)).toEqual({
    applied: [],
    definitionsRenewed: false,
  });
  expect((await database.pool.query('select total from total')).rows).toEqual([{ total: 1 }]);

  write('functions/answer.sql', `create or replace function answer() returns bigint language sql as 'select 42::bigint'`);
  expect(await migrate(database.url, log, folder)).toEqual({
    applied: [],
    definitionsRenewed: true,
  });
  expect((await database.pool.query('select total from total')).rows).toEqual([{ total: 42 }]);
});

test('a migration that was changed after it was applied is refused by name', async () => {
  write('migrations/0000_a.sql', 'create table a as select 1 as one');
  await migrate(database.url, log, folder);
  write('migrations/0000_a.sql', 'create table a as select 2 as one');
  write('migrations/0001_b.sql', 'create table b ()');
  await expect(migrate(database.url, log, folder)).rejects.toThrow('The migration 0000_a was changed after it was applied');
  expect((await database.pool.query(`select to_regclass('b') as b`)).rows).toEqual([{ b: null }]);
});

test('a database that a newer Coffer migrated is refused', async () => {
  write('migrations/0000_a.sql', 'create table a ()');
  write('migrations/0001_b.sql', 'create table b ()');
  await migrate(database.url, log, folder);
  fs.rmSync(path.join(folder, 'migrations/0001_b.sql'));
  await expect(migrate(database.url, log, folder)).rejects.toThrow('newer than this Coffer: it has the migration 0001_b');
});

test('a migration numbered before an applied one is refused', async () => {
  write('migrations/0001_b.sql', 'create table b ()');
  await migrate(database.url, log, folder);
  write('migrations/0000_a.sql', 'create table a ()');
  await expect(migrate(database.url, log, folder)).rejects.toThrow('0000_a is numbered before 0001_b');
});

test('a failing migration leaves no trace, keeps the earlier ones, and is reported with file and line', async () => {
  write('migrations/0000_a.sql', 'create table a ()');
  write('migrations/0001_b.sql', 'create table b ();\nselect nonsense;');
  await expect(migrate(database.url, log, folder)).rejects.toThrow(
    'database/migrations/0001_b.sql, line 2: column "nonsense" does not exist',
  );
  const { rows } = await database.pool.query(
    `select to_regclass('a') is not null as a, to_regclass('b') is not null as b, (select count(*) from coffer_migration.applied) as applied`,
  );
  expect(rows).toEqual([{ a: true, b: false, applied: 1 }]);
});

test('two concurrent migrators both succeed, and each migration is applied once', async () => {
  write('migrations/0000_a.sql', 'select pg_sleep(0.3); create table a as select 1 as one');
  const reports = await Promise.all([migrate(database.url, log, folder), migrate(database.url, log, folder)]);
  expect(reports.map((report) => report.applied.length).toSorted((a, b) => a - b)).toEqual([0, 1]);
});

test('a migration that waits for a long transaction lets others use the table meanwhile', async () => {
  write('migrations/0000_a.sql', 'create table a as select 1 as one');
  await migrate(database.url, log, folder);
  write('migrations/0001_b.sql', 'create table b (); alter table a add column two integer');
  const long = await database.pool.connect();
  try {
    await long.query('begin; select from a');
    const migrating = migrate(database.url, log, folder);
    const waiting = async () =>
      (await database.pool.query(`select from pg_locks where relation = 'a'::regclass and not granted`)).rowCount === 1;
    await until(waiting, { what: 'the migration to wait for the table', seen: () => 'it does not' });
    // Behind the migration, which gives way although the long transaction goes on.
    expect((await database.pool.query('select one from a')).rows).toEqual([{ one: 1 }]);
    await long.query('commit');
    expect((await migrating).applied).toEqual(['0001_b']);
  } finally {
    long.release();
  }
  expect((await database.pool.query('select two from a')).rows).toEqual([{ two: null }]);
});

test('emptying a database removes everything of Coffer’s, and is refused while it is in use or foreign', async () => {
  await expect(emptyDatabase(database.url)).rejects.toThrow('contains nothing of Coffer');
  await migrate(database.url, log);
  await database.pool.query('select 1');
  await expect(emptyDatabase(database.url)).rejects.toThrow('is in use by 1 other connections');
  await database.pool.end();
  expect(await emptyDatabase(database.url)).toEqual(expect.arrayContaining(['coffer_migration', 'public']));
  expect((await migrate(database.url, log)).applied.length).toBeGreaterThan(0);
  database.pool.end = () => Promise.resolve();
});
