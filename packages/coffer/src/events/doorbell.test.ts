import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { inRole } from '../database/index.ts';
import { silentLog } from '../kernel/index.ts';
import { openDoorbell, ringingOnCommit } from './doorbell.ts';
import type { Doorbell } from './doorbell.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

function newDoorbell(): Doorbell {
  return openDoorbell({ url: inRole(database.url, 'writer'), pool: database.pool, log: silentLog() });
}

test('a notification reaches every listener of every process, and many at the same time are combined', async () => {
  const [here, elsewhere] = [newDoorbell(), newDoorbell()];
  const heard = { here: 0, elsewhere: 0 };
  await here.listen(() => heard.here++);
  await elsewhere.listen(() => heard.elsewhere++);
  expect(heard).toEqual({ here: 1, elsewhere: 1 });
  for (let at = 0; at < 1_000; at++) here.ring();
  await expect.poll(() => heard).toEqual({ here: 2, elsewhere: 2 });
  here.ring();
  await expect.poll(() => heard).toEqual({ here: 3, elsewhere: 3 });
  await here.stop();
  await elsewhere.stop();
});

test('a stopped listener receives nothing', async () => {
  const doorbell = newDoorbell();
  let heard = 0;
  let gone = 0;
  await doorbell.listen(() => heard++);
  const leaving = await doorbell.listen(() => gone++);
  await leaving.stop();
  const before = gone;
  doorbell.ring();
  await expect.poll(() => heard).toBeGreaterThan(1);
  expect(gone).toBe(before);
  await doorbell.stop();
});

test('a broken connection is replaced, and listeners are called because notifications may have been missed', async () => {
  const doorbell = newDoorbell();
  let heard = 0;
  await doorbell.listen(() => heard++);
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'coffer doorbell'",
  );
  await expect.poll(() => heard).toBe(2);
  doorbell.ring();
  await expect.poll(() => heard).toBe(3);
  await doorbell.stop();
});

test('a batch that added something to the log notifies; one of only replays does not', () => {
  let rings = 0;
  const told: number[] = [];
  const observe = ringingOnCommit(
    { ring: () => rings++ },
    { answered: () => undefined, batchCommitted: ({ entries }) => told.push(entries) },
  );
  for (const entries of [3, 0, 1]) observe.batchCommitted({ book: 1, operations: 3, entries, elapsedMs: 1 });
  expect(rings).toBe(2);
  expect(told).toEqual([3, 0, 1]);
});
