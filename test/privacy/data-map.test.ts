// The data map names every column that can hold a text, once, as personal or as free of personal data.
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';

const page = path.resolve(import.meta.dirname, '../../docs/operating/personal-data.md');

/** The columns that the tables of the page name, as `schema.table.column`. */
function mapped(): string[] {
  return fs
    .readFileSync(page, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, table, columns] = /^\| `(\w+\.\w+)` \| ((?:`\w+`(?:, )?)+) \|/.exec(line) ?? [];
      return [...(columns ?? '').matchAll(/\w+/g)].map(([column]) => `${table}.${column}`);
    });
}

test('docs/operating/personal-data.md names every column of text, JSON or bytes once', async () => {
  const database = await createTestDatabase();
  const { rows } = await database.pool.query<{ column: string }>(`
    select format('%s.%s.%s', n.nspname, c.relname, a.attname) as column
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema$)' and a.attnum > 0 and not a.attisdropped
      -- Strings and arrays of them, JSON, bytes, network addresses.
      and (t.typcategory in ('S', 'I') or t.typname in ('json', 'jsonb', 'bytea')
        or exists (select from pg_type e where e.oid = t.typelem and t.typcategory = 'A' and e.typcategory = 'S'))`);
  await database.drop();
  expect(mapped().toSorted()).toEqual(rows.map(({ column }) => column).toSorted());
});
