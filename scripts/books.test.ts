import path from 'node:path';
import { expect, test } from 'vitest';
import { postingStatements, statementsIn, unboundParts } from './books.ts';

const sql = (text: string) => unboundParts({ file: 'x.ts', line: 1, text });

test('every statement of posting and reading is bound to its book', () => {
  const statements = postingStatements(path.resolve(import.meta.dirname, '..'));
  expect(statements.length).toBeGreaterThan(15);
  expect(statements.flatMap((statement) => unboundParts(statement).map((why) => `${statement.file}:${statement.line} ${why}`))).toEqual([]);
});

test.each([
  ['a relation without its book', 'select 1 from ledger.entry e where e.seq = $2'],
  ['one without a name for it', 'select 1 from ledger.batch where batch_no = $2'],
  ['a second one behind the first', 'select 1 from ledger.entry e join ledger.account a on a.number = e.scope where e.book = $1'],
  [
    'a second use of one name',
    'select (select 1 from ledger.batch b where b.book = $1), (select 2 from ledger.batch b where b.batch_no = 1)',
  ],
  ['an unnamed one beside a named one', 'select 1 from ledger.book, (select 1 from ledger.entry e where e.book = $1) x'],
  ['a lock', 'select 1 from ledger.book for no key update'],
  ['rows without their book', 'insert into ledger.entry (seq, kind) select 1, 2'],
  ['a function without the book as its first argument', 'select ledger.seq_at($2, $1)'],
  ['a select without a column', 'select 1 where exists (select from ledger.batch b where b.book = $1)'],
  ['a lock without a column', 'perform from ledger.book b where b.book = p_book for no key update'],
  [
    'a subquery that takes the book from another row',
    'select (select k.controls from ledger.entry k where k.book = e.book and k.seq = 1) from ledger.entry e where e.book = $1',
  ],
  [
    'a lateral join that takes it from another row',
    'select 1 from ledger.account a cross join lateral (select 1 from ledger.batch b where b.book = a.book order by 1 limit 1) x where a.book = $1',
  ],
  [
    'a function in SQL',
    'create function ledger.f(p_book integer) returns bigint language sql as $$ select e.seq from ledger.entry e where e.book = p_book $$',
  ],
  [
    'a change within a with',
    'with moved as (update ledger.newest n set page = 1 where n.book = p_book returning page) insert into ledger.newest (book, page) select p_book, page from moved',
  ],
  [
    'a volatile function in do update',
    'insert into ledger.newest (book, page) values (p_book, 1) on conflict (book) do update set at = clock_timestamp()',
  ],
])('%s is found', (_what, text) => {
  expect(sql(text)).toHaveLength(1);
});

test.each([
  'select 1 from ledger.entry as e left join ledger.account d on d.book = $1 and d.number = e.scope where e.book = $1',
  'select 1 from ledger.book where book = p_book for no key update',
  'select id from ledger.asset',
  'select ledger.balance_at($1, $2, ledger.seq_at($1, $3))',
  'insert into ledger.batch (book, batch_no) values (p_book, 0)',
])('a statement bound to a book passes: %s', (text) => {
  expect(sql(text)).toEqual([]);
});

test('statements are found in the source, with their lines', () => {
  const source = "const a = 'no statement';\nconst b = `\n  select from ledger.entry`;\nconst c = 'select ledger.lock_book($1)';";
  expect(statementsIn('x.ts', source).map(({ line }) => line)).toEqual([2, 4]);
});
