// Something else writes to a book: a former owner, or a writer that believes the same term. It shows in several ways, depending on the
// server's settings. None of them halts the book, and none loses or doubles a posting.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { NotOwner } from '../../packages/coffer/src/ledger/posting/outages.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { checkHistory, postJournalled } from '../support/history.ts';
import type { History } from '../support/history.ts';
import { pause, startLoad } from '../support/load.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';
import { workloadOperation } from '../support/workload.ts';

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

const patient = { patienceMs: 60_000 };

test.each([
  ['a batch with its number', '23505', 'batch_pkey', 1],
  ['a batch with its number, three times', '23505', 'batch_pkey', 3],
  ['a serialization failure', '40001', '', 2],
  ['a deadlock', '40P01', '', 1],
])('%s: the writer reads the book again and posts once', async (_what, code, constraint, times) => {
  const book = await newBook(database);
  const writer = await startWriter(database.url, book);
  expect((await postOne(writer, deposit('before'))).status).toBe('posted');
  await database.pool.query('insert into public.failing values ($1, $2, $3, $4)', [book, code, constraint, times]);
  await database.pool.query("select setval('public.times', 1, false)");
  const outcomes = await Promise.all(['a', 'b', 'c'].map((key) => postOne(writer, deposit(key))));
  expect(outcomes.map(({ status, replayed }) => [status, replayed])).toEqual(outcomes.map(() => ['posted', false]));
  const { rows } = await database.pool.query('select last_value::int as fired from public.times');
  expect(rows[0]).toMatchObject({ fired: expect.toSatisfy((fired: number) => fired > times) as unknown });
  expect(writer.fault).toBeNull();
  await writer.stop();
});

test('two writers that believe the same term: the fence lets one through at a time, and the other reads the book again', async () => {
  const book = await newBook(database);
  const one = await startWriter(database.url, book, patient);
  const other = await startWriter(database.url, book, { ...patient, term: 1 });
  const history: History = [];
  const random = randomFrom(seedOf('two writers of one term'));
  // Each finds that the log does not end where it left it.
  for (let round = 0; round < 10; round++)
    await postJournalled(history, round % 2 === 0 ? one : other, workloadOperation(random, `round ${round}`));
  await Promise.all(
    Array.from({ length: 60 }, (_, at) => postJournalled(history, at % 2 === 0 ? one : other, workloadOperation(random, `at once ${at}`))),
  );
  const contested = await Promise.all([one, other, one, other].map((writer) => postJournalled(history, writer, deposit('contested'))));
  const results = contested.map(({ result }) => (typeof result === 'string' ? null : result));
  expect(results.filter((result) => result && !result.replayed)).toHaveLength(1);
  expect(new Set(results.map((result) => result?.seq)).size).toBe(1);
  expect([one.fault, other.fault]).toEqual([null, null]);
  await Promise.all([one.stop(), other.stop()]);
  expect(await checkHistory(history, database, book)).toMatchObject({ answered: 74, unknown: 0, notDone: 0 });
});

test('writers that take the book from each other under load: no former owner posts, and every operation has one effect', async () => {
  const book = await newBook(database);
  const writers = [await startWriter(database.url, book, patient)];
  // As a process does: what a replaced writer may have posted is asked again under the same key.
  const post = async (operation: Operation): Promise<Outcome> => {
    for (;;) {
      const writer = writers.at(-1);
      assert(writer, 'there is a writer');
      try {
        return await postOne(writer, operation);
      } catch (failure) {
        if (!(failure instanceof NotOwner)) throw failure;
        await pause(1);
      }
    }
  };
  const load = startLoad({ post }, { seed: seedOf('taken under load'), callers: 12 });
  for (let taken = 0; taken < 15; taken++) {
    const before = load.history.length;
    await until(() => load.history.length > before + 60, { what: 'calls', seen: () => `${load.history.length - before} came` });
    writers.push(await startWriter(database.url, book, patient));
  }
  await load.stop();
  const formerOwner = writers[0];
  assert(formerOwner, 'there is a first writer');
  await expect(postOne(formerOwner, deposit('too late'))).rejects.toThrow(NotOwner);
  await Promise.all(writers.map((writer) => writer.stop()));
  expect(await checkHistory(load.history, database, book)).toMatchObject({ unknown: 0, notDone: 0 });
});
