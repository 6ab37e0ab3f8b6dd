import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { LedgerEvent } from '../../packages/coffer/src/ledger/index.ts';
import { Projector } from '../../packages/coffer/src/projections/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import type { Delivery, Handler } from '../../packages/coffer/src/events/index.ts';
import { deliveriesOf, insertWitnessed, startLog, witness, witnessed } from '../support/projections.ts';
import type { FollowedLog } from '../support/projections.ts';
import { randomFrom, seedOf } from '../support/seed.ts';

const seed = seedOf('projector');
const random = randomFrom(seed);
let log: FollowedLog;
let all: Delivery[];

beforeAll(async () => {
  log = await startLog(seed);
  await log.post(1_200);
  all = await deliveriesOf(log.ledger);
});
afterAll(async () => {
  await log.stop();
});

async function startProjector(projections: readonly Projection[], lookMs = 600_000): Promise<Projector> {
  return await Projector.start({ pool: log.pool, ledger: log.ledger, log: silentLog(), projections, lookMs });
}

/** Batches of 1 to 300. */
function batchesOf(deliveries: readonly Delivery[]): Delivery[][] {
  const batches: Delivery[][] = [];
  for (let at = 0; at < deliveries.length;) {
    const size = 1 + Math.floor(random() * 300);
    batches.push(deliveries.slice(at, at + size));
    at += size;
  }
  return batches;
}

async function handleAll(handle: Handler, batches: readonly Delivery[][]) {
  const verdicts: string[] = [];
  for (const batch of batches) verdicts.push(...(await handle(batch)));
  return verdicts;
}

/** Each event once, in the order of its book. */
async function expectExactly(name: string, expected: readonly Delivery[] = all): Promise<void> {
  for (const book of log.ledger.books) {
    const ids = expected.filter(({ event }) => event.book === book).map(({ event }) => event.id);
    expect(await witnessed(log.pool, name, book)).toEqual(ids);
  }
}

/** Swaps near and distant neighbours. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = random() < 0.5 ? Math.max(0, at - 1 - Math.floor(random() * 5)) : Math.floor(random() * (at + 1));
    const [one, two] = [result[at], result[other]];
    if (one !== undefined && two !== undefined) [result[at], result[other]] = [two, one];
  }
  return result;
}

describe('each event has its effect once, and in order', () => {
  test('when it is delivered in order', async () => {
    const projector = await startProjector([witness('in order')]);
    const verdicts = await handleAll(projector.handle, batchesOf(all));
    expect(verdicts.filter((verdict) => verdict !== 'done')).toEqual([]);
    await expectExactly('in order');
    await projector.stop();
  });

  test('when a third of them is delivered two or three times, and all out of order', async () => {
    const projector = await startProjector([witness('shuffled')]);
    const many = shuffled(
      all.flatMap((delivery) => (random() < 0.33 ? [delivery, delivery, ...(random() < 0.5 ? [delivery] : [])] : [delivery])),
    );
    const verdicts = await handleAll(projector.handle, batchesOf(many));
    expect(verdicts).toHaveLength(many.length);
    expect(verdicts.filter((verdict) => verdict !== 'done')).toEqual([]);
    await expectExactly('shuffled');
    await projector.stop();
  });

  test('when a tenth of them is never delivered: it is read from the log', async () => {
    const projector = await startProjector([witness('gaps')], 20);
    const some = all.filter(() => random() > 0.1);
    expect(some.length).toBeLessThan(all.length);
    await handleAll(projector.handle, batchesOf(some));
    // No later event reveals that the last ones are missing.
    await vi.waitFor(() => expectExactly('gaps'), { timeout: 120_000 });
    await projector.stop();
  });

  test('when no broker delivers anything', async () => {
    const projector = await startProjector([witness('silence')], 20);
    await vi.waitFor(() => expectExactly('silence'), { timeout: 120_000 });
    await projector.stop();
  });

  test('when two workers receive the same ones concurrently', async () => {
    const workers = [await startProjector([witness('two workers')]), await startProjector([witness('two workers')])];
    const verdicts = await Promise.all(workers.map((worker) => handleAll(worker.handle, batchesOf(shuffled(all)))));
    expect(verdicts.flat().filter((verdict) => verdict !== 'done')).toEqual([]);
    await expectExactly('two workers');
    await Promise.all(workers.map((worker) => worker.stop()));
  });

  test('when the whole log is delivered again from zero, twice', async () => {
    for (let time = 0; time < 3; time++) {
      const projector = await startProjector([witness('from zero')]);
      await handleAll(projector.handle, batchesOf(all));
      await projector.stop();
      await expectExactly('from zero');
    }
  });

  test('when the connection is cut during a batch: the batch is delivered again', async () => {
    let cuts = 0;
    const cut: Projection = {
      name: 'cut',
      apply: async (client, events, generation) => {
        await insertWitnessed(client, 'cut', generation, events);
        // Always the first ones, then at random.
        if (cuts < 20 && (cuts < 4 || random() < 0.4)) {
          cuts++;
          const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
          await log.database.pool.query('select pg_terminate_backend($1::integer, 5000)', [rows[0]?.pid]);
        }
      },
    };
    const projector = await startProjector([cut]);
    let thrown = 0;
    for (const batch of batchesOf(all)) {
      for (let handled = false; !handled;) {
        handled = await projector.handle(batch).then(
          (verdicts) => verdicts.every((verdict) => verdict === 'done'),
          () => {
            thrown++;
            return false;
          },
        );
      }
    }
    await projector.stop();
    console.info(`connections cut while applying: ${cuts}`);
    expect(cuts).toBeGreaterThan(3);
    expect(thrown).toBe(cuts);
    await expectExactly('cut');
  });
});

describe('poison', () => {
  test.each([
    ['first', 0],
    ['in the middle', 137],
    ['last', 299],
  ])('%s in a batch is quarantined without the others, and is applied once it no longer fails', async (where, at) => {
    const name = `poison ${where}`;
    let isMended = false;
    const poison = all[at]?.event.id;
    const projector = await startProjector([witness(name, ({ id }) => id === poison && !isMended)]);
    const batch = all.slice(0, 300);
    const verdicts = await projector.handle(batch);
    expect(verdicts.flatMap((verdict, place) => (verdict === 'failed' ? [place] : []))).toEqual([at]);
    await expectExactly(
      name,
      batch.filter((_, place) => place !== at),
    );

    expect(await projector.handle(batch.slice(at, at + 1))).toEqual(['failed']);
    const { rows } = await log.pool.query('select seq, part, error, tries from projections.set_aside where projection = $1', [name]);
    const { seq, part } = all[at]?.event ?? {};
    expect(rows).toEqual([{ seq, part, error: `${poison} is poison`, tries: 2 }]);

    isMended = true;
    expect(await projector.handle(batch.slice(at, at + 1))).toEqual(['done']);
    expect(await projector.handle(batch)).toEqual(batch.map(() => 'done'));
    await expectExactly(name, [...batch.filter((_, place) => place !== at), ...batch.slice(at, at + 1)]);
    expect((await log.pool.query('select from projections.set_aside where projection = $1', [name])).rowCount).toBe(0);
    await projector.stop();
  });

  test('in one projection does not affect the others', async () => {
    const isPoison = ({ seq }: LedgerEvent) => seq % 97 === 0;
    const projector = await startProjector([witness('ill', isPoison), witness('well')]);
    const verdicts = await handleAll(projector.handle, batchesOf(all));
    expect(verdicts).toEqual(all.map(({ event }) => (isPoison(event) ? 'failed' : 'done')));
    await expectExactly('well');
    await expectExactly(
      'ill',
      all.filter(({ event }) => !isPoison(event)),
    );
    await projector.stop();
  });

  test('in every event halts only that projection; once fixed, it resumes where it stopped', async () => {
    let isMended = false;
    const projector = await startProjector([witness('broken', () => !isMended), witness('beside')]);
    await handleAll(projector.handle, batchesOf(all));
    await expectExactly('beside');
    await projector.stop();
    const { rows } = await log.pool.query<{ count: number }>("select count(*) from projections.set_aside where projection = 'broken'");
    expect(rows[0]?.count).toBe(1_000);

    isMended = true;
    const again = await startProjector([witness('broken', () => !isMended), witness('beside')], 20);
    await handleAll(again.handle, batchesOf(all));
    await again.stop();
    for (const book of log.ledger.books) {
      const ids = all.filter(({ event }) => event.book === book).map(({ event }) => event.id);
      expect((await witnessed(log.pool, 'broken', book)).toSorted()).toEqual(ids.toSorted());
    }
  });
});

test('an event that is not in the log fails and moves no cursor', async () => {
  const projector = await startProjector([witness('stranger')]);
  const last = all.at(-1);
  const stranger = { event: { ...last?.event, seq: 10_000_000, id: 'stranger' }, previous: { seq: 9_999_999, part: 1 } } as Delivery;
  expect(await projector.handle([stranger])).toEqual(['failed']);
  await projector.stop();
});

test('a cut connection during the start of a projector is not fatal: the first delivery starts it again', async () => {
  const name = 'cut_off';
  const barrier = await log.database.pool.connect();
  await barrier.query('begin; lock table projections.projection in access exclusive mode');
  const starting = startProjector([witness(name)]);
  await vi.waitFor(async () => expect(await cutOffThoseWhoWait()).toBe(1), { timeout: 120_000 });
  await barrier.query('rollback');
  barrier.release();
  const projector = await starting;
  expect(await handleAll(projector.handle, batchesOf(all))).toEqual(all.map(() => 'done'));
  await expectExactly(name);
  await projector.stop();
});

/** Ends the connections that wait for a lock; returns their number. */
async function cutOffThoseWhoWait(): Promise<number> {
  const { rowCount } = await log.database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rowCount ?? 0;
}
