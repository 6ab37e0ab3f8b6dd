// What consumers beside Coffer's own get from a real RabbitMQ, and what a start changes of what an earlier version left there.
import { Connection } from 'rabbitmq-client';
import type { Channel } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventsExchange, operationsExchange } from '../../packages/coffer/src/events/index.ts';
import { hasRabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import type { RabbitMq } from '../support/rabbitmq.ts';
import { Outsider } from './outsider.ts';
import { Recorder, startWorld, stopAll } from './world.ts';
import type { EventWorld } from './world.ts';

const queue = 'wallet.events.worker';
const soon = { timeout: 120_000, interval: 50 };

describe.skipIf(!hasRabbitMq)('with a real RabbitMQ', () => {
  let rabbit: RabbitMq;
  let world: EventWorld;
  let connection: Connection;
  let channel: Channel;
  const outsiders: Outsider[] = [];

  beforeAll(async () => {
    rabbit = await startRabbitMq();
    world = await startWorld();
    connection = new Connection(rabbit.url);
    channel = await connection.acquire();
  });
  afterEach(async () => {
    await stopAll(world.running.splice(0));
    for (const outsider of outsiders.splice(0)) await outsider.remove();
  });
  afterAll(async () => {
    connection.unsafeDestroy();
    await world.stop();
    await rabbit.stop();
  });

  async function bound(exchange: string, routingKey?: string): Promise<Outsider> {
    const outsider = await Outsider.start(rabbit.url, exchange, routingKey);
    outsiders.push(outsider);
    return outsider;
  }

  async function handled(work: Recorder, ids: readonly string[]): Promise<void> {
    await vi.waitFor(() => expect(ids.filter((id) => !work.ids.has(id))).toEqual([]), soon);
  }

  test('after an older version the queue of the worker is bound to every event: a start ends that, and handles what is in it', async () => {
    const broker = await world.broker(rabbit.url);
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(0), soon);
    await channel.queueBind({ queue, exchange: eventsExchange, routingKey: '#' });
    const work = new Recorder();
    await broker.consume(work.handler);
    await broker.relay();
    await handled(work, await world.post(20));
    const again = await world.post(20);
    await handled(work, again);
    expect(work.seen.filter(({ event }) => again.includes(event.id))).toHaveLength(again.length);
    await broker.stop();
  });

  test('a queue that is bound while events are published gets all events from then on, one by one or by operation, in order', async () => {
    const broker = await world.broker(rabbit.url);
    const work = new Recorder();
    await broker.relay();
    await broker.consume(work.handler);
    await handled(work, await world.post(300));
    const before = await world.log();
    const [events, operations] = [await bound(eventsExchange), await bound(operationsExchange)];
    await handled(work, await world.post(300));
    const since = (await world.log()).slice().filter(({ id }) => !before.some((event) => event.id === id));
    for (const outsider of [events, operations]) await vi.waitFor(() => expect(outsider.missing(since)).toEqual([]), soon);
    for (const book of world.ledger.books) {
      const ids = since.filter((event) => event.book === book).map(({ id }) => id);
      for (const outsider of [events, operations]) {
        // What was repeated because a queue was new came first: after it, the order is that of the log.
        const got = outsider.received.flatMap((message) => message.events).filter((id) => ids.includes(id));
        expect(got.slice(got.lastIndexOf(ids[0] ?? ''))).toEqual(ids);
      }
    }
    expect(new Set(events.received.map((message) => message.events.length))).toEqual(new Set([1]));
    expect(new Set(operations.received.map(({ id }) => id)).size).toBe(new Set(since.map(({ book, seq }) => `${book}-${seq}`)).size);
    expect([events, operations].map(({ received }) => received[0]?.contentType)).toEqual([
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
    ]);
    await broker.stop();
  });

  test('a queue that is bound to one type gets only events of that type, and each operation that begins with one', async () => {
    const broker = await world.broker(rabbit.url);
    const work = new Recorder();
    await broker.relay();
    await broker.consume(work.handler);
    const [events, operations] = [
      await bound(eventsExchange, 'book.*.WalletCreated'),
      await bound(operationsExchange, 'book.*.WalletCreated'),
    ];
    const deposited = await world.post(100);
    await handled(work, deposited);
    const opened = (await world.log()).filter(({ type }) => type === 'WalletCreated').slice(-20);
    for (const outsider of [events, operations]) {
      await vi.waitFor(() => expect(outsider.missing(opened)).toEqual([]), soon);
      expect(outsider.received.flatMap((message) => message.events).filter((id) => deposited.includes(id))).toEqual([]);
    }
    await broker.stop();
  });

  test('a queue that is bound to one book gets each of its events once, whatever the other book does', async () => {
    const broker = await world.broker(rabbit.url);
    const work = new Recorder();
    await broker.relay();
    await broker.consume(work.handler);
    const outsider = await bound(eventsExchange, 'book.1.#');
    await handled(work, await world.post(20));
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      const posted = await world.post(20);
      await handled(work, posted);
      ids.push(...posted.filter((id) => id.startsWith('1-')));
    }
    const got = () => outsider.received.flatMap((message) => message.events).filter((id) => ids.includes(id));
    await vi.waitFor(() => expect(new Set(got()).size).toBe(ids.length), soon);
    expect(got()).toEqual(ids);
    await broker.stop();
  });

  test('of the events that are announced together, only the one that fails is delivered again', async () => {
    const broker = await world.broker(rabbit.url);
    const ids = await world.post(30);
    const work = new Recorder(({ event }) => event.id === ids[7]);
    await broker.relay();
    await broker.consume(work.handler);
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(1), soon);
    await handled(work, ids);
    expect(work.batches.filter((batch) => batch.includes(ids[7] ?? '')).slice(1)).toEqual(Array.from({ length: 4 }, () => [ids[7]]));
    expect(work.seen.filter(({ event }) => event.id === ids[8])).toHaveLength(1);
    const [letter] = await broker.deadLetters.list({ limit: 1 });
    expect(letter).toMatchObject({ eventId: ids[7], eventType: 'FundsDeposited', deliveries: 5 });
    expect(JSON.parse(letter?.body ?? '')).toMatchObject({ id: ids[7], data: { amount: '5' } });
    expect(await broker.deadLetters.drop('all')).toBe(1);
    await broker.stop();
  });
});
