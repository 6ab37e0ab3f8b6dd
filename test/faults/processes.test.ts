import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { newBook } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { askForUnknown, checkHistory } from '../support/history.ts';
import type { History } from '../support/history.ts';
import { pause } from '../support/load.ts';
import { startPoster } from '../support/posters.ts';
import { randomFrom, seedOf } from '../support/seed.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function expectWholeLedger(): Promise<void> {
  const report = await verify(database.pool);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
}

describe('a process killed under load', () => {
  it('leaves a consistent ledger that contains every answer, twenty-five times', async () => {
    const seed = seedOf('twenty-five kills');
    const random = randomFrom(seed);
    const book = await newBook(database);
    const history: History = [];
    let unknown = 0;
    for (let life = 0; life < 25; life++) {
      const poster = startPoster({ url: database.url, book, name: `life ${life}`, seed: seed + life * 1_000, callers: 16 });
      await poster.untilAnswered(1);
      await pause(random() * 120);
      poster.signal('SIGKILL');
      await poster.ended;
      const calls = poster.history();
      unknown += calls.filter(({ result }) => result === 'unknown').length;
      history.push(...calls);
      await expectWholeLedger();
    }
    const summary = await checkHistory(history, database, book);
    console.info('killed 25 processes', summary);
    // Kills that interrupt nothing prove nothing.
    expect(unknown).toBeGreaterThan(25);
    expect(summary.unknownButDone).toBeGreaterThan(0);

    expect((await askForUnknown(history, database, book)).unknown).toBe(0);
    await expectWholeLedger();
  }, 900_000);
});
