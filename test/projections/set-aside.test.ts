import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Delivery } from '../../packages/coffer/src/events/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { listSetAside, Projector, retrySetAside } from '../../packages/coffer/src/projections/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { deliveriesOf, startLog, witness, witnessed } from '../support/projections.ts';
import type { FollowedLog } from '../support/projections.ts';
import { seedOf } from '../support/seed.ts';

let log: FollowedLog;
let all: Delivery[];

beforeAll(async () => {
  log = await startLog(seedOf('set aside'));
  await log.post(200);
  all = await deliveriesOf(log.ledger);
});
afterAll(async () => {
  await log.stop();
});

/** A projection that fails on every fiftieth event until it is fixed; without a broker, all events are read from the log. */
async function caughtUp(
  name: string,
): Promise<{ poison: string[]; good: string[]; projection: Projection; mend: (ids?: string[]) => void }> {
  const ids = all.map(({ event }) => event.id);
  const poison = ids.filter((_, at) => at % 50 === 7);
  let ill = new Set(poison);
  const projection = witness(name, ({ id }) => ill.has(id));
  const projector = await Projector.start({ pool: log.pool, ledger: log.ledger, log: silentLog(), projections: [projection], lookMs: 20 });
  const good = ids.filter((id) => !poison.includes(id));
  await vi.waitFor(async () => expect(await applied(name)).toEqual(good), { timeout: 120_000 });
  await vi.waitFor(async () => expect((await listed(name)).toSorted()).toEqual(poison.toSorted()), { timeout: 120_000 });
  await projector.stop();
  const mend = (mended = poison) => {
    ill = new Set([...ill].filter((id) => !mended.includes(id)));
  };
  return { poison, good, projection, mend };
}

/** By book, and within each in the order of their effects. */
async function applied(name: string): Promise<string[]> {
  return (await Promise.all(log.ledger.books.map((book) => witnessed(log.pool, name, book)))).flat();
}

async function retry(projection: Projection, ids?: readonly string[]) {
  return await retrySetAside({ pool: log.pool, ledger: log.ledger, log: silentLog(), projection, ...(ids && { ids }) });
}

/** Page by page, newest first. */
async function listed(name: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const { items, next } = await listSetAside(log.pool, log.ledger, name, { limit: 2, cursor });
    ids.push(...items.map(({ id }) => id));
    cursor = next ?? undefined;
    more = next !== null;
  }
  return ids;
}

async function eventsCounted(name: string): Promise<number | undefined> {
  const { rows } = await log.pool.query<{ count: number }>(
    'select sum(applied)::int8 as count from projections.progress where projection = $1',
    [name],
  );
  return rows[0]?.count;
}

test('a retry applies each quarantined event once, and then nothing is left to retry', async () => {
  const { poison, good, projection, mend } = await caughtUp('caught up');
  expect(poison.length).toBeGreaterThan(3);
  mend();
  expect(await retry(projection)).toEqual({ applied: poison.length, failed: [], notSetAside: [] });
  expect(await retry(projection)).toEqual({ applied: 0, failed: [], notSetAside: [] });
  expect((await applied('caught up')).toSorted()).toEqual([...good, ...poison].toSorted());
  expect(await eventsCounted('caught up')).toBe(all.length);
  expect(await listed('caught up')).toEqual([]);
});

test('an event that still fails stays quarantined, with its error and one more try, and has no effect', async () => {
  const { poison, good, projection, mend } = await caughtUp('still ill');
  const [first = '', second = '', ...others] = poison;
  mend([first]);
  expect(await retry(projection)).toEqual({
    applied: 1,
    failed: [second, ...others].map((id) => ({
      id,
      type: all.find(({ event }) => event.id === id)?.event.type,
      wallet: all.find(({ event }) => event.id === id)?.event.wallet,
      error: `${id} is poison`,
      tries: 2,
      since: expect.any(Date) as unknown,
    })),
    notSetAside: [],
  });
  expect((await applied('still ill')).toSorted()).toEqual([...good, first].toSorted());
});

test('a retry by name tries only the named events; one that is not quarantined is reported and not applied again', async () => {
  const { poison, good, projection, mend } = await caughtUp('named');
  const [first = '', second = ''] = poison;
  const [healthy = ''] = good;
  mend();
  expect(await retry(projection, [second, healthy, '1-999999-1'])).toEqual({
    applied: 1,
    failed: [],
    notSetAside: [healthy, '1-999999-1'],
  });
  expect((await applied('named')).toSorted()).toEqual([...good, second].toSorted());
  const { items } = await listSetAside(log.pool, log.ledger, 'named', { limit: 1_000 });
  expect(items.find(({ id }) => id === first)).toMatchObject({ tries: 1 });
  expect(items.map(({ id }) => id)).not.toContain(second);
});

test('two concurrent retries during a redelivery of all events apply each event once', async () => {
  const { poison, good, projection, mend } = await caughtUp('at once');
  mend();
  const projector = await Projector.start({
    pool: log.pool,
    ledger: log.ledger,
    log: silentLog(),
    projections: [projection],
    lookMs: 600_000,
  });
  const [one, two, verdicts] = await Promise.all([retry(projection), retry(projection), projector.handle(all)]);
  await projector.stop();
  expect([one.failed, two.failed]).toEqual([[], []]);
  expect(verdicts.filter((verdict) => verdict !== 'done')).toEqual([]);
  expect((await applied('at once')).toSorted()).toEqual([...good, ...poison].toSorted());
  expect(await eventsCounted('at once')).toBe(all.length);
});

test('an event that is missing from the log fails with that error', async () => {
  const { poison, projection, mend } = await caughtUp('gone');
  const [first] = poison;
  mend();
  await log.pool.query("update projections.set_aside set part = 99 where projection = 'gone' and book || '-' || seq || '-' || part = $1", [
    first,
  ]);
  const { failed } = await retry(projection);
  expect(failed.map(({ error }) => error)).toEqual(['the log has no such event']);
});
