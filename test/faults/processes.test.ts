import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { newBook, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { askForUnknown, checkHistory, postJournalled } from '../support/history.ts';
import type { History } from '../support/history.ts';
import { pause } from '../support/load.ts';
import { startPoster } from '../support/posters.ts';
import type { Poster } from '../support/posters.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { workloadOperation } from '../support/workload.ts';

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

describe('two processes on one book', () => {
  it('both make progress, even while one is paused midway; no result is lost, and an unanswered one is found by its key', async () => {
    const seed = seedOf('two processes');
    const random = randomFrom(seed);
    const book = await newBook(database);
    const [one, other] = [0, 1].map((number) =>
      startPoster({ url: database.url, book, name: `process ${number}`, seed: seed + number * 1_000, callers: 12 }),
    ) as [Poster, Poster];
    const bothProgress = async () => void (await Promise.all([one.untilAnswered(20), other.untilAnswered(20)]));
    try {
      await bothProgress();
      for (let pauses = 0; pauses < 4; pauses++) {
        const [paused, running] = pauses % 2 === 0 ? [one, other] : [other, one];
        await pause(random() * 100);
        paused.signal('SIGSTOP');
        await pause(20);
        // It may be stopped while it holds the book's lock; the database takes the lock back from a process that does not continue.
        await running.untilAnswered(20);
        paused.signal('SIGCONT');
        await bothProgress();
      }
      await Promise.all([one.stop(), other.stop()]);
    } finally {
      for (const poster of [one, other]) poster.signal('SIGKILL');
    }
    const history = [...one.history(), ...other.history()];
    const summary = await checkHistory(history, database, book);
    console.info('two processes, four pauses', summary);
    // How many callers time out before their answer depends on the machine. What matters is that the key finds the result.
    expect((await askForUnknown(history, database, book)).unknown).toBe(0);
    await expectWholeLedger();
  });

  it('a process catches up after a pause in which the other wrote thousands of entries', async () => {
    const seed = seedOf('far behind');
    const book = await newBook(database);
    // Thousands of concurrent callers; none may time out on a slow machine.
    const writer = await startWriter(database.url, book, { patienceMs: 100_000 });
    const ahead = await startWriter(database.url, book, { patienceMs: 100_000 });
    const history: History = [];
    const random = randomFrom(seed);
    await postJournalled(history, writer, workloadOperation(random, 'before'));
    await Promise.all(
      Array.from({ length: 6_000 }, (_, number) => postJournalled(history, ahead, workloadOperation(random, `ahead ${number}`))),
    );
    await Promise.all(
      Array.from({ length: 200 }, (_, number) => postJournalled(history, writer, workloadOperation(random, `after ${number}`))),
    );
    await Promise.all([writer.stop(), ahead.stop()]);
    expect(await checkHistory(history, database, book)).toMatchObject({ calls: 6_201, answered: 6_201 });
    await expectWholeLedger();
  });
});
