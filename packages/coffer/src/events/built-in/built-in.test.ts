import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../../test/support/database.ts';
import { createPool, inRole } from '../../database/index.ts';
import { silentLog } from '../../kernel/index.ts';
import { openLedger } from '../../ledger/index.ts';
import type { Ledger, Operation } from '../../ledger/index.ts';
import { deliveriesMax } from '../broker.ts';
import type { Broker, Delivery, Handler } from '../broker.ts';
import { openBuiltIn } from './broker.ts';
import { Growth, restMsAfter } from '../pace.ts';

let database: TestDatabase;
let ledger: Ledger;
let broker: Broker;
let posted = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  ledger = await openLedger({ url: inRole(database.url, 'writer'), log: silentLog(), books: 2, patienceMs: 60_000 });
  broker = await newBroker();
});
afterAll(async () => {
  await broker.stop();
  await ledger.stop();
  await database.drop();
});

async function newBroker(): Promise<Broker> {
  const url = inRole(database.url, 'writer');
  const pool = createPool(url, silentLog());
  const opened = await openBuiltIn({ url, pool, ledger, log: silentLog() });
  return {
    ...opened,
    stop: async () => {
      await opened.stop();
      await pool.end();
    },
  };
}

async function post(count: number): Promise<void> {
  const operations = Array.from({ length: count }, (): Operation => {
    posted++;
    const opens = { owner: null, asset: 1, floor: 0n };
    return {
      kind: 'deposit',
      key: `d${posted}`,
      debit: { system: 'cash_in' },
      credit: { wallet: `w${posted % 7}`, opens },
      amount: 10n,
    };
  });
  await ledger.postEach(operations);
}

async function logIds(): Promise<string[]> {
  const ids: string[] = [];
  for (const book of ledger.books) ids.push(...(await ledger.read.in({ book }).events(0, 0, 1_000_000)).map(({ id }) => id));
  return ids;
}

/** Returns `failed` for those that `fails` names and `done` for the others, and records what it saw. */
function recorder(fails: (delivery: Delivery) => boolean = () => false) {
  const seen: Delivery[] = [];
  const handler: Handler = (batch) => {
    seen.push(...batch);
    return Promise.resolve(batch.map((delivery) => (fails(delivery) ? 'failed' : 'done')));
  };
  return { seen, handler };
}

describe('the built-in broker', () => {
  test('delivers every event of every book once, in order, each with the position of the previous one', async () => {
    await post(5_000);
    const { seen, handler } = recorder();
    const consumer = await broker.consume(handler);
    const expected = await logIds();
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(expected.length), { timeout: 120_000 });
    await post(3);
    const all = await logIds();
    await vi.waitFor(() => expect(seen.length).toBe(all.length), { timeout: 120_000 });
    await consumer.stop();
    for (const book of ledger.books) {
      const own = seen.filter(({ event }) => event.book === book);
      expect(own.map(({ event }) => event.id)).toEqual(all.filter((id) => id.startsWith(`${book}-`)));
      expect(own.map(({ previous }) => previous)).toEqual([
        null,
        ...own.slice(0, -1).map(({ event }) => ({ seq: event.seq, part: event.part })),
      ]);
    }
  });

  test('starts where the last consumer stopped', async () => {
    await post(2);
    const { seen, handler } = recorder();
    const consumer = await broker.consume(handler);
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(2), { timeout: 120_000 });
    await consumer.stop();
    expect(seen.map(({ event }) => event.type).filter((type) => type === 'FundsDeposited')).toHaveLength(2);
  });

  test(`an event that fails is delivered ${deliveriesMax} times and then becomes a dead letter, without delaying the others; a replay delivers it again`, async () => {
    await post(5);
    const poison = (await logIds()).at(-2) ?? '';
    const { seen, handler } = recorder(({ event }) => event.id === poison);
    let consumer = await broker.consume(handler);
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(1), { timeout: 120_000 });
    await consumer.stop();
    expect(seen.filter(({ event }) => event.id === poison)).toHaveLength(deliveriesMax);
    expect(new Set(seen.map(({ event }) => event.id)).size).toBeGreaterThanOrEqual(5);

    const [letter] = await broker.deadLetters.list({ limit: 10 });
    expect(letter).toMatchObject({ eventId: poison, eventType: 'FundsDeposited', deliveries: deliveriesMax });
    expect(await broker.deadLetters.find(letter?.id ?? '')).toEqual(letter);
    expect(await broker.deadLetters.find('nonsense')).toBeNull();
    expect(await broker.deadLetters.list({ limit: 10, after: letter?.id ?? '' })).toEqual([]);

    const later = recorder();
    consumer = await broker.consume(later.handler);
    expect(await broker.deadLetters.replay(['999', letter?.id ?? ''])).toBe(1);
    await vi.waitFor(() => expect(later.seen.map(({ event }) => event.id)).toEqual([poison]), { timeout: 120_000 });
    await consumer.stop();
    expect(await broker.deadLetters.count()).toBe(0);
    expect((await database.pool.query('select from events.redelivery')).rowCount).toBe(0);
  });

  test('a handler that throws gets the same batch again, without counting a failure', async () => {
    await post(4);
    const batches: string[][] = [];
    const consumer = await broker.consume((batch) => {
      batches.push(batch.map(({ event }) => event.id));
      if (batches.length < 3) throw new Error('the connection was cut');
      return Promise.resolve(batch.map(() => 'done'));
    });
    await vi.waitFor(() => expect(batches.length).toBeGreaterThanOrEqual(3), { timeout: 120_000 });
    await consumer.stop();
    expect(batches[1]).toEqual(batches[0]);
    expect(batches[2]).toEqual(batches[0]);
    expect((await database.pool.query('select from events.redelivery')).rowCount).toBe(0);
  });

  test('of two consumers one works; if its connection dies, the other continues, and nothing is missed', async () => {
    const other = await newBroker();
    const [first, second] = [recorder(), recorder()];
    const working = await broker.consume(first.handler);
    await post(5);
    await vi.waitFor(() => expect(first.seen.length).toBeGreaterThanOrEqual(5), { timeout: 120_000 });
    const waiting = await other.consume(second.handler);
    await post(5);
    await vi.waitFor(() => expect(first.seen.length).toBeGreaterThanOrEqual(10), { timeout: 120_000 });
    expect(second.seen).toEqual([]);
    await working.stop();
    await post(5);
    await vi.waitFor(() => expect(second.seen.length).toBeGreaterThanOrEqual(5), { timeout: 120_000 });

    // After the disconnect, it queues for the lock again.
    const { rowCount: cut } = await database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'coffer events'",
    );
    expect(cut).toBeGreaterThan(0);
    await post(5);
    await vi.waitFor(() => expect(new Set(second.seen.map(({ event }) => event.id)).size).toBeGreaterThanOrEqual(10), { timeout: 120_000 });
    await waiting.stop();
    await other.stop();
    const seen = new Set([...first.seen, ...second.seen].map(({ event }) => event.id));
    expect((await logIds()).slice(-5).every((id) => seen.has(id))).toBe(true);
  });
});

test('the consumer rests only while it is behind and the log grows at nearly full speed', () => {
  const fast = { tookMs: 50, growthPerSecond: 40_000, isBehind: true };
  expect(restMsAfter(fast)).toBe(600);
  expect(restMsAfter({ ...fast, tookMs: 5_000 })).toBe(2_000);
  expect(restMsAfter({ ...fast, growthPerSecond: 4_000 })).toBe(0);
  expect(restMsAfter({ ...fast, isBehind: false })).toBe(0);
  const growth = new Growth();
  expect(growth.observe(1_000, 0)).toBe(0);
  expect(growth.observe(3_000, 50)).toBe(0);
  expect(growth.observe(6_000, 250)).toBe(20_000);
});
