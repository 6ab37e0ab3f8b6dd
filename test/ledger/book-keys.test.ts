/** Nothing in the ledger's tables spans books, so that they can be spread over machines by book. */
import fs from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Keys, references and sequences without the book. The list of assets, the ledger's identity and the closed periods are the same everywhere, and are copied to each machine. */
async function spanningBooks(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(`
    with of_books as (
      select c.oid from pg_class c where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p') and c.relname not in ('asset', 'asset_version', 'chart', 'chart_version', 'identity', 'closing')
    ), key as (
      select i.indexrelid::regclass::text as what, i.indrelid as relation, i.indkey[0] as first from pg_index i where i.indisunique
      union all
      select conname || ' of ' || conrelid::regclass::text, conrelid, conkey[1] from pg_constraint where contype in ('f', 'x')
      union all
      select conname || ' to ' || confrelid::regclass::text, confrelid, confkey[1] from pg_constraint where contype = 'f'
    )
    select key.what from key join of_books on of_books.oid = relation
    left join pg_attribute a on a.attrelid = relation and a.attnum = key.first where a.attname is distinct from 'book'
    union all
    select 'the table ' || oid::regclass::text || ' has no book' from of_books
    where not exists (select from pg_attribute a where a.attrelid = oid and a.attname = 'book' and a.attnotnull)
    union all
    select 'the sequence of ' || d.adrelid::regclass::text || '.' || a.attname
    from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum join of_books on of_books.oid = d.adrelid
    where pg_get_expr(d.adbin, d.adrelid) like '%nextval%'
    union all
    select 'the sequence of ' || attrelid::regclass::text || '.' || attname from pg_attribute join of_books on of_books.oid = attrelid where attidentity <> ''
    union all
    select 'the sequence ' || c.oid::regclass::text from pg_class c where c.relnamespace = 'ledger'::regnamespace and c.relkind = 'S'
    order by 1`);
  return rows.map(({ what }) => what);
}

/** What spans books after the statement, which is then rolled back. */
async function afterwards(statement: string): Promise<string[]> {
  const client = await database.pool.connect();
  try {
    await client.query(`begin; ${statement}`);
    return await spanningBooks(client);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

it('has no primary key, unique index, reference or sequence without the book', async () => {
  expect(await afterwards('select')).toEqual([]);
});

it.each([
  ['a unique index', 'create unique index planted on ledger.entry (key)', 'ledger.planted'],
  ['one that has the book, but not first', 'create unique index planted on ledger.entry (key, book)', 'ledger.planted'],
  ['an index over an expression', 'create unique index planted on ledger.entry ((book + 1))', 'ledger.planted'],
  [
    'a reference',
    'alter table ledger.account add constraint planted foreign key (asset) references ledger.asset',
    'planted of ledger.account',
  ],
  ['a sequence', 'create sequence ledger.planted', 'the sequence ledger.planted'],
  ['a column that counts', 'alter table ledger.entry add column planted bigserial', 'the sequence of ledger.entry.planted'],
  [
    'an identity',
    'alter table ledger.entry add column planted bigint generated always as identity',
    'the sequence of ledger.entry.planted',
  ],
  ['a table of no book', 'create table ledger.planted (id int)', 'the table ledger.planted has no book'],
])('finds %s that spans books', async (_what, statement, finding) => {
  expect(await afterwards(statement)).toContain(finding);
});

it('has every table distributed by citus.sql', async () => {
  const script = fs.readFileSync(path.resolve(import.meta.dirname, '../../packages/coffer/database/citus.sql'), 'utf8');
  const named = [...script.matchAll(/create_(?:distributed|reference)_table\('(ledger\.\w+)'/g)].map(([, table]) => table);
  const { rows } = await database.pool.query<{ name: string }>(
    `select 'ledger.' || relname as name from pg_class where relnamespace = 'ledger'::regnamespace and relkind in ('r', 'p')`,
  );
  expect(new Set(named)).toEqual(new Set(rows.map(({ name }) => name)));
});
