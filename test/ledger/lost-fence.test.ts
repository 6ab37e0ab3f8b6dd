// A batch that lost the race for its number shows in several ways, depending on the server's settings. None of them halts the book.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    create sequence public.times;
    create table public.failing (book integer, code text, constraint_name text, remaining integer);
    create function public.fail() returns trigger language plpgsql security definer as $$
    declare how public.failing;
    begin
      select * into how from public.failing where book = new.book;
      -- A sequence counts even though the transaction is rolled back.
      if found and nextval('public.times') <= how.remaining then
        raise exception using errcode = how.code, schema = 'ledger', table = 'batch', constraint = how.constraint_name, message = 'the fence was lost';
      end if;
      return new;
    end $$;
    create trigger fail before insert on ledger.batch for each row execute function public.fail()`);
});
afterAll(async () => {
  const report = await verify(database.pool);
  await database.drop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

const deposit = (key: string): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet: 'w1', opens: { owner: null, asset: 1, floor: 0n } },
  amount: 1n,
});

test.each([
  ['a batch with its number', '23505', 'batch_pkey', 1],
  ['a batch with its number, three times', '23505', 'batch_pkey', 3],
  ['a serialization failure', '40001', '', 2],
  ['a deadlock', '40P01', '', 1],
])('%s: the writer reads the book again and posts once', async (_what, code, constraint, times) => {
  const book = await newBook(database);
  const [one, other] = [await startWriter(database.url, book), await startWriter(database.url, book)];
  expect((await postOne(other, deposit('before'))).status).toBe('posted');
  await database.pool.query('insert into public.failing values ($1, $2, $3, $4)', [book, code, constraint, times]);
  await database.pool.query("select setval('public.times', 1, false)");
  const outcomes = await Promise.all([postOne(one, deposit('a')), postOne(other, deposit('b')), postOne(one, deposit('c'))]);
  expect(outcomes.map(({ status, replayed }) => [status, replayed])).toEqual(outcomes.map(() => ['posted', false]));
  const { rows } = await database.pool.query('select last_value::int as fired from public.times');
  expect(rows[0]).toMatchObject({ fired: expect.toSatisfy((fired: number) => fired > times) as unknown });
  expect([one.ready, other.ready]).toEqual([true, true]);
  await Promise.all([one.stop(), other.stop()]);
});
