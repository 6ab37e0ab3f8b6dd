import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { inRole } from '../database/index.ts';
import { silentLog } from '../kernel/index.ts';
import { openPostingNotifier, notifyingOnCommit } from './notifier.ts';
import type { PostingNotifier } from './notifier.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

function newNotifier(): PostingNotifier {
  return openPostingNotifier({ url: inRole(database.url, 'writer'), pool: database.pool, log: silentLog() });
}

test('a notification reaches every listener of every process, and many at the same time are combined', async () => {
  const [here, other] = [newNotifier(), newNotifier()];
  const heard = { here: 0, other: 0 };
  await here.listen(() => heard.here++);
  await other.listen(() => heard.other++);
  expect(heard).toEqual({ here: 1, other: 1 });
  for (let at = 0; at < 1_000; at++) here.notify();
  await expect.poll(() => heard).toEqual({ here: 2, other: 2 });
  here.notify();
  await expect.poll(() => heard).toEqual({ here: 3, other: 3 });
  await here.stop();
  await other.stop();
});

test('a stopped listener receives nothing', async () => {
  const notifier = newNotifier();
  let heard = 0;
  let gone = 0;
  await notifier.listen(() => heard++);
  const leaving = await notifier.listen(() => gone++);
  await leaving.stop();
  const before = gone;
  notifier.notify();
  await expect.poll(() => heard).toBeGreaterThan(1);
  expect(gone).toBe(before);
  await notifier.stop();
});

test('a broken connection is replaced, and listeners are called because notifications may have been missed', async () => {
  const notifier = newNotifier();
  let heard = 0;
  await notifier.listen(() => heard++);
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'coffer doorbell'",
  );
  await expect.poll(() => heard).toBe(2);
  notifier.notify();
  await expect.poll(() => heard).toBe(3);
  await notifier.stop();
});

test('a batch that added something to the log notifies; one of only replays does not', () => {
  let notifications = 0;
  const observed: number[] = [];
  const observe = notifyingOnCommit(
    { notify: () => notifications++ },
    { answered: () => undefined, batchCommitted: ({ entries }) => observed.push(entries) },
  );
  for (const entries of [3, 0, 1]) observe.batchCommitted({ book: 1, operations: 3, entries, elapsedMs: 1 });
  expect(notifications).toBe(2);
  expect(observed).toEqual([3, 0, 1]);
});
