import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalMeanings, verify } from '../../server/ledger/index.ts';
import type { Outcome } from '../../server/ledger/index.ts';
import { BookReader } from '../../server/ledger/reading/reads.ts';
import { newBook, readLog, startWriter } from '../support/books.ts';
import { comparable, comparableEntry, comparableOutcome, entryAsModel } from '../support/compare.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { expectedEventData } from '../support/events.ts';
import { Model } from '../support/model.ts';
import { assets, requests } from '../support/operations.ts';
import type { Asked } from '../support/operations.ts';
import { seedOf } from '../support/seed.ts';
import { examples } from './examples.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('delete from ledger.asset where id <> all($1)', [assets]);
});
afterAll(() => database.drop());

const used = new Set<string>();
const reasonOf = (outcome: Outcome) => (outcome.status === 'refused' ? outcome.refusal.code : outcome.replayed ? 'replayed' : 'posted');

/**
 * Everything is submitted at once, so that it is decided in batches that overlap on their way to the database; one writer decides
 * in the order of submission, so the model can say every answer. In between the writer is replaced by one with an empty memory.
 */
async function playBursts(bursts: readonly (readonly Asked[])[]): Promise<void> {
  const book = await newBook(database);
  const model = new Model(assets);
  for (const burst of bursts) {
    const expected = burst.map((asked) => model.postLinked(asked).map(comparable));
    const writer = await startWriter(database.url, book);
    try {
      const outcomes = await Promise.all(burst.map((asked) => writer.post(asked, true)));
      expect(outcomes.map((group) => group.map(comparableOutcome))).toEqual(expected);
      for (const outcome of outcomes.flat()) used.add(reasonOf(outcome));
    } finally {
      await writer.stop();
    }
  }
  await compareWhatIsRead(book, model);
}

async function compareWhatIsRead(book: number, model: Model): Promise<void> {
  const log = await readLog(database, book);
  expect(log.map(entryAsModel)).toEqual(model.log.map(comparableEntry));

  const reader = new BookReader(book, database.pool);
  const balances = await Promise.all(model.accounts.map(({ name }) => reader.balance(name)));
  expect(
    balances.map(
      (read) =>
        read && {
          number: read.number,
          balance: read.balance,
          version: read.version,
          asset: read.asset,
          owner: read.owner,
          floor: read.floor,
        },
    ),
  ).toEqual(model.accounts.map(({ number, balance, version, asset, owner, floor }) => ({ number, balance, version, asset, owner, floor })));

  const events = await reader.events(0, 0, 10_000);
  expect(events.map(({ seq, part, type, wallet, data }) => ({ seq, part, type, wallet, data }))).toEqual(
    model.log.flatMap((entry) => expectedEventData(book, entry, model)),
  );
}

describe('posting through PostgreSQL', () => {
  it('answers, remembers, reads back and tells in events exactly what the model says, and the log verifies', async () => {
    await fc.assert(fc.asyncProperty(fc.array(requests(60), { minLength: 1, maxLength: 3, size: 'max' }), playBursts), {
      numRuns: 60,
      seed: seedOf('posting against the model'),
      examples: examples.map((all): [Asked[][]] => [all.map((asked) => [asked])]),
      interruptAfterTimeLimit: 40_000,
    });
    expect([...used].toSorted()).toEqual([...Object.keys(refusalMeanings), 'posted', 'replayed'].toSorted());
    const report = await verify(database.pool);
    expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.books.reduce((sum, { entries }) => sum + entries, 0)).toBeGreaterThan(1_000);
  }, 90_000);
});
