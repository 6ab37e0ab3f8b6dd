import path from 'node:path';
import { expect, test } from 'vitest';
import { postingStatements, statementsIn, unboundParts } from './books.ts';

const sql = (text: string) => unboundParts({ file: 'x.ts', line: 1, text });

test('every statement of the posting path is bound to its book', () => {
  const statements = postingStatements(path.resolve(import.meta.dirname, '..'));
  expect(statements.length).toBeGreaterThan(15);
  expect(statements.flatMap((statement) => unboundParts(statement).map((why) => `${statement.file}:${statement.line} ${why}`))).toEqual([]);
});

test.each([
  ['a relation without its book', 'select from ledger.entry e where e.seq = $2'],
  ['one without a name for it', 'select from ledger.batch where batch_no = $2'],
  ['a second one behind the first', 'select from ledger.entry e join ledger.account a on a.number = e.scope where e.book = $1'],
  [
    'a second use of one name',
    'select (select 1 from ledger.batch b where b.book = $1), (select 2 from ledger.batch b where b.batch_no = 1)',
  ],
  ['an unnamed one beside a named one', 'select from ledger.book, (select from ledger.entry e where e.book = $1) x'],
  ['a lock', 'select from ledger.book for no key update'],
  ['rows without their book', 'insert into ledger.entry (seq, kind) select 1, 2'],
  ['a function without the book as its first argument', 'select ledger.seq_at($2, $1)'],
])('%s is found', (_what, text) => {
  expect(sql(text)).toHaveLength(1);
});

test.each([
  'select from ledger.entry as e left join ledger.account d on d.book = e.book and d.number = e.scope where e.book = $1',
  'select from ledger.book where book = p_book for no key update',
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
