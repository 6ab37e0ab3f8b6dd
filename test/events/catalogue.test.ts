// Validates every event of a real ledger against the schema of its type in the catalogue, which the AsyncAPI document uses.
import Schema from 'typebox/schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogue } from '../../packages/coffer/src/events/catalogue.ts';
import { eventsPerEntryMax } from '../../packages/coffer/src/ledger/index.ts';
import type { EntryShape, LedgerEvent } from '../../packages/coffer/src/ledger/index.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { examples } from '../ledger/examples.ts';
import { newBook, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { Model } from '../support/model.ts';
import { assets, granted, keepsWallet } from '../support/operations.ts';
import type { Request } from '../support/operations.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';

let database: TestDatabase;
let clock: Clock;
beforeAll(async () => {
  database = await createTestDatabase();
  clock = await takeClock(database);
});
afterAll(async () => {
  await clock.end();
  await database.drop();
});

type Log = { readonly events: readonly LedgerEvent[]; readonly entries: readonly EntryShape[] };

async function logOf(requests: readonly Request[]): Promise<Log> {
  let now = new Date('2026-01-30T10:00:00Z');
  await clock.set(now);
  const book = await newBook(database);
  const model = new Model(assets, keepsWallet);
  const writer = await startWriter(database.url, book, { keeps: keepsWallet });
  for (const { wishes, laterMs } of requests) {
    now = new Date(now.getTime() + laterMs + 1);
    await clock.set(now);
    const operations = wishes.map((wish) => granted(wish, model, Number.MAX_SAFE_INTEGER));
    const outcomes = await writer.queue.add(operations, true);
    now = outcomes.find(({ replayed, entry }) => entry && !replayed)?.entry?.recordedAt ?? now;
    model.postLinked(operations, now);
  }
  await writer.stop();
  const { eventLog } = new BookReader(book, database.pool);
  return { events: await eventLog.after(0, 0, 10_000), entries: await eventLog.shapes(0, 10_000) };
}

/** Published by transfers between books, which do not occur in these books. */
const bySaga = ['TransferCompensated', 'TransferCreditFailed'];

test('every kind of operation publishes events of known types, with exactly the properties of their schemas; entries of one shape have the same types', async () => {
  const met = new Set<string>();
  const typesOfShape = new Map<string, string>();
  for (const requests of examples) {
    const { events, entries } = await logOf(requests);
    const ofEntry = Map.groupBy(events, ({ seq }) => seq);
    for (const { seq, shape } of entries) {
      const own = (ofEntry.get(seq) ?? []).map(({ type }) => type);
      expect(own.length).toBeLessThanOrEqual(eventsPerEntryMax);
      const types = own.join(' ');
      expect([shape, types]).toEqual([shape, typesOfShape.get(shape) ?? types]);
      typesOfShape.set(shape, types);
    }
    for (const { type, data } of events) {
      met.add(type);
      const described = catalogue[type]?.data;
      expect([type, described && Object.keys(data).filter((name) => !(name in described.properties))]).toEqual([type, []]);
      const [, errors] = described ? Schema.Errors(described, JSON.parse(JSON.stringify(data))) : [true, []];
      expect([type, errors]).toEqual([type, []]);
    }
  }
  expect(typesOfShape.size).toBeGreaterThan(25);
  const unmet = Object.keys(catalogue).filter((type) => !met.has(type) && !bySaga.includes(type));
  console.info(`${met.size} types of events met; not met: ${unmet.join(', ')}`);
  expect(met.size).toBeGreaterThanOrEqual(30);
});
