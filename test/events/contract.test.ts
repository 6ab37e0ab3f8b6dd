// The contract of the broker port (server/events/broker.ts), tested on every broker: on a real PostgreSQL and a real RabbitMQ.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { deliveriesMax } from '../../packages/coffer/src/events/index.ts';
import type { Broker, Consumer } from '../../packages/coffer/src/events/index.ts';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { hasRabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import type { RabbitMq } from '../support/rabbitmq.ts';
import { Recorder, startWorld, stopAll } from './world.ts';
import type { EventWorld } from './world.ts';

const kinds = [{ kind: 'built-in' as const }, ...(hasRabbitMq ? [{ kind: 'rabbitmq' as const }] : [])];
const soon = { timeout: 120_000, interval: 20 };

describe.each(kinds)('the broker $kind', ({ kind }) => {
  let world: EventWorld;
  let rabbit: RabbitMq | null = null;
  let broker: Broker;
  const open = () => world.broker(rabbit?.url);

  beforeAll(async () => {
    if (kind === 'rabbitmq') rabbit = await startRabbitMq();
    world = await startWorld();
    broker = await open();
  });
  afterAll(async () => {
    await world.stop();
    await rabbit?.stop();
  });

  /** Anything that a test left running when it failed midway. */
  afterEach(async () => {
    await stopAll(world.running.splice(0));
  });

  async function handled(ids: readonly string[], ...by: readonly Recorder[]): Promise<void> {
    await vi.waitFor(() => expect(ids.filter((id) => !by.some((work) => work.ids.has(id)))).toEqual([]), soon);
  }

  /** Handles all existing events, so that a test sees only the events it posts. */
  async function settled(): Promise<void> {
    const rest = new Recorder();
    const parts = [await broker.relay(), await broker.consume(rest.handler)];
    await handled(await world.post(10), rest);
    await stopAll(parts);
  }

  test('reports its kind, and that it is connected', async () => {
    await vi.waitFor(() => expect(broker.status).toEqual({ kind, connected: true }), soon);
  });

  test('every event arrives exactly as in the log, in the order of its book, and each names its predecessor', async () => {
    const ids = await world.post(300);
    const work = new Recorder();
    const parts = [await broker.relay(), await broker.consume(work.handler)];
    ids.push(...(await world.post(300)));
    await handled(ids, work);
    await stopAll(parts);
    const log = await world.log();
    for (const book of world.ledger.books) {
      const ofBook = log.filter((event) => event.book === book);
      expect(ofBook.length).toBeGreaterThan(100);
      const places = ofBook.map(({ seq, part }) => ({ seq, part }));
      expect(work.seen.filter(({ event }) => event.book === book)).toEqual(
        ofBook.map((event, at) => ({ event, previous: places[at - 1] ?? null })),
      );
    }
  });

  test('a failing event becomes a dead letter after the maximum number of deliveries; other events continue; reading dead letters changes nothing', async () => {
    await settled();
    const [poison = '', ...others] = await world.post(6);
    const event = (await world.log()).find(({ id }) => id === poison);
    const work = new Recorder((delivery) => delivery.event.id === poison);
    const parts = [await broker.relay(), await broker.consume(work.handler)];
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(1), soon);
    await handled(others, work);
    expect(work.seen.filter((delivery) => delivery.event.id === poison)).toHaveLength(deliveriesMax);
    expect(work.seen.filter((delivery) => delivery.event.id === others[0])).toHaveLength(1);

    const [letter] = await broker.deadLetters.list({ limit: 10 });
    assert(letter, 'there is a dead letter');
    const told = { eventId: poison, eventType: 'FundsDeposited', wallet: event?.wallet, deliveries: deliveriesMax };
    expect(letter).toMatchObject({ ...told, reason: `failed ${deliveriesMax} times` });
    expect(Math.abs(Date.now() - (letter.diedAt?.getTime() ?? 0))).toBeLessThan(3_600_000);
    expect(JSON.parse(letter.body)).toMatchObject({ id: poison, specversion: '1.0', subject: event?.wallet });
    for (let looks = 0; looks < deliveriesMax + 2; looks++) expect(await broker.deadLetters.list({ limit: 10 })).toEqual([letter]);
    expect(await broker.deadLetters.find(letter.id)).toEqual(letter);
    expect(await broker.deadLetters.find('nonsense')).toBeNull();
    expect(await broker.deadLetters.list({ limit: 10, after: letter.id })).toEqual([]);
    expect(await broker.deadLetters.count()).toBe(1);
    await stopAll(parts);

    // Dead letters do not drain: another process still sees it. A replay starts its deliveries again.
    const other = await open();
    const later = new Recorder();
    const consumer = await other.consume(later.handler);
    expect(await other.deadLetters.replay(['nonsense', letter.id])).toBe(1);
    await vi.waitFor(() => expect(later.seen.map((delivery) => delivery.event)).toEqual([event]), soon);
    expect(await other.deadLetters.count()).toBe(0);
    await consumer.stop();
    await other.stop();
  });

  test('dead letters are listed oldest first, page by page, dropped one by one, and replayed or dropped all together', async () => {
    await settled();
    const doomed = await world.post(5);
    const work = new Recorder(({ event }) => doomed.includes(event.id));
    let parts = [await broker.relay(), await broker.consume(work.handler)];
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(5), soon);
    await stopAll(parts);
    const all = await broker.deadLetters.list({ limit: 100 });
    expect(new Set(all.map(({ eventId }) => eventId))).toEqual(new Set(doomed));
    const pages = [await broker.deadLetters.list({ limit: 2 }), await broker.deadLetters.list({ limit: 2, after: all[1]?.id ?? '' })];
    expect(pages.flat()).toEqual(all.slice(0, 4));

    expect(await broker.deadLetters.drop([all[0]?.id ?? ''])).toBe(1);
    expect(await broker.deadLetters.count()).toBe(4);
    expect(await broker.deadLetters.find(all[0]?.id ?? '')).toBeNull();

    const later = new Recorder(({ event }) => event.id === all[1]?.eventId);
    parts = [await broker.consume(later.handler)];
    expect(await broker.deadLetters.replay('all')).toBe(4);
    await handled(
      all.slice(1).map(({ eventId }) => eventId ?? ''),
      later,
    );
    // One fails again, as many times as before.
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(1), soon);
    expect(later.seen.filter(({ event }) => event.id === all[1]?.eventId)).toHaveLength(deliveriesMax);
    await stopAll(parts);
    expect(await broker.deadLetters.drop('all')).toBe(1);
    expect(await broker.deadLetters.count()).toBe(0);
    expect(await broker.deadLetters.replay('all')).toBe(0);
  });

  test('a handler that throws gets the same batch again, and no event of it counts as failed', async () => {
    await settled();
    const ids = await world.post(4);
    const work = new Recorder();
    let throws = 2;
    const parts: Consumer[] = [
      await broker.relay(),
      await broker.consume(async (batch) => {
        const verdicts = await work.handler(batch);
        if (throws-- > 0) throw new Error('connection terminated');
        return verdicts;
      }),
    ];
    await vi.waitFor(() => expect(work.batches.length).toBeGreaterThanOrEqual(3), soon);
    await handled(ids, work);
    await stopAll(parts);
    expect(work.batches[1]).toEqual(work.batches[0]);
    expect(work.batches[2]).toEqual(work.batches[0]);
    expect(await broker.deadLetters.count()).toBe(0);
  });

  test('one of two consumers and one of two relays is active; when it stops the other takes over, and no event is missed', async () => {
    await settled();
    const other = await open();
    const [first, second] = [new Recorder(), new Recorder()];
    const working = [await broker.relay(), await broker.consume(first.handler)];
    await handled(await world.post(5), first);
    const waiting = [await other.relay(), await other.consume(second.handler)];
    await handled(await world.post(5), first);
    expect(second.seen).toEqual([]);
    await stopAll(working);
    await handled(await world.post(5), second);
    await stopAll(waiting);
    await other.stop();
  });

  test('events that a consumer had not acknowledged when it lost its connection go to the next consumer', async () => {
    await settled();
    const ids = await world.post(20);
    const other = await open();
    const relay = await broker.relay();
    // It never reports a result for them.
    let got = 0;
    const stuck = await other.consume((batch) => {
      got += batch.length;
      return Promise.reject(new Error('connection terminated'));
    });
    await vi.waitFor(() => expect(got).toBeGreaterThan(0), soon);
    await stuck.stop();
    await other.stop();
    const next = new Recorder();
    const consumer = await broker.consume(next.handler);
    await handled(ids, next);
    await stopAll([consumer, relay]);
    expect(await broker.deadLetters.count()).toBe(0);
  });
});
