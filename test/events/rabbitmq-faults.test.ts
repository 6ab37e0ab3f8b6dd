// RabbitMQ fails in every way we could think of while postings continue: no event is lost, and posting is unaffected.
import { isDeepStrictEqual } from 'node:util';
import { Connection } from 'rabbitmq-client';
import type { Channel } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { deliveriesMax, eventsExchange, operationsExchange } from '../../packages/coffer/src/events/index.ts';
import { announcementOf, envelopeOf } from '../../packages/coffer/src/events/envelope.ts';
import type { Broker, Consumer, Place } from '../../packages/coffer/src/events/index.ts';
import { startProxy } from '../support/proxy.ts';
import type { FaultyProxy } from '../support/proxy.ts';
import { hasRabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import type { RabbitMq } from '../support/rabbitmq.ts';
import { Outsider } from './outsider.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { Recorder, startWorld, stopAll } from './world.ts';
import type { EventWorld } from './world.ts';

const queue = 'wallet.events.worker';
const soon = { timeout: 120_000, interval: 50 };
const rounds = 5;

describe.skipIf(!hasRabbitMq)('with a real RabbitMQ', () => {
  let rabbit: RabbitMq;
  let proxy: FaultyProxy;
  let world: EventWorld;
  let broker: Broker;
  /** The test's own connection. */
  let connection: Connection;
  let channel: Channel;
  let work: Recorder;
  let relay: Consumer;
  /** Consumers beside Coffer's own: one of events, one of operations. */
  let outsiders: readonly Outsider[];
  const posted: string[] = [];

  beforeAll(async () => {
    rabbit = await startRabbitMq();
    proxy = await startProxy(rabbit.address);
    world = await startWorld();
    broker = await world.broker(`amqp://guest:guest@127.0.0.1:${proxy.address.port}`);
    await enter();
    outsiders = [await Outsider.start(rabbit.url, eventsExchange), await Outsider.start(rabbit.url, operationsExchange)];
    work = new Recorder();
    relay = await broker.relay();
    await broker.consume(work.handler);
  });
  afterAll(async () => {
    await stopAll(world.running);
    for (const outsider of outsiders) outsider.stop();
    connection.unsafeDestroy();
    await world.stop();
    await proxy.stop();
    await rabbit.stop();
  });

  async function enter(): Promise<void> {
    connection = new Connection({ url: rabbit.url, retryLow: 100, retryHigh: 500 });
    connection.on('error', () => undefined);
    channel = await connection.acquire({ emitErrorsFromChannel: true });
    channel.on('error', () => undefined);
  }

  /** Posts while the fault lasts, and proves that posting does not wait for RabbitMQ. */
  async function whilePosting(fault: () => Promise<unknown>): Promise<void> {
    let isOver = false;
    const posting = (async () => {
      while (!isOver) {
        posted.push(...(await world.post(5)));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const before = posted.length;
    await fault();
    isOver = true;
    await posting;
    expect(posted.length).toBeGreaterThan(before);
  }

  async function arrived(): Promise<void> {
    await vi.waitFor(() => expect(posted.filter((id) => !work.ids.has(id)).length).toBe(0), soon);
  }

  /** I8 and I9: the distinct events that the consumer saw equal the log, in order and without a gap. */
  async function equalsLog(): Promise<number> {
    await arrived();
    const log = await world.log();
    const seen = work.seen.map(({ event }) => event);
    for (const book of world.ledger.books) {
      const ofBook = log.filter((event) => event.book === book);
      const inOrder = [...new Map(seen.filter((event) => event.book === book).map((event) => [event.id, event])).values()];
      const sorted = inOrder.toSorted((a, b) => a.seq - b.seq || a.part - b.part);
      // Compares to a boolean: a diff of thousands of events takes longer to print than to compute.
      expect(isDeepStrictEqual(sorted, ofBook)).toBe(true);
    }
    return log.length;
  }

  /** The number of events in the log that a consumer has not seen, or Coffer's own saw with other content; waits for events in transit. */
  async function lostBy(fault: string): Promise<number> {
    const events = await equalsLog();
    const log = await world.log();
    for (const outsider of outsiders) await vi.waitFor(() => expect(outsider.missing(log)).toEqual([]), soon);
    const again = work.seen.length - work.ids.size;
    console.info(`${fault}: ${events} events in the log, each consumed, ${again} of them more than once so far`);
    return events - work.ids.size;
  }

  test('RabbitMQ is killed and restarted', async () => {
    posted.push(...(await world.post(20)));
    expect(await lostBy('nothing')).toBe(0);
    // RabbitMQ does not find a quorum queue again if it is killed before it has saved which ones there are: half a second after a declaration.
    expect(await rabbit.evaluate('[dets:sync(T) || T <- dets:all()].')).toMatch(/^\{ok, \[/);
    for (let round = 0; round < rounds; round++) await whilePosting(() => rabbit.restart());
    connection.unsafeDestroy();
    await enter();
    expect(await lostBy('the kills')).toBe(0);
  });

  test('its exchange is deleted', async () => {
    for (const exchange of [eventsExchange, operationsExchange, queue])
      for (let round = 0; round < rounds; round++) await whilePosting(() => channel.exchangeDelete({ exchange }));
    // The bindings of the other consumers are gone with the exchange: what was published meanwhile was not for them.
    await arrived();
    for (const outsider of outsiders) await outsider.bindAgain(channel, await world.log());
    posted.push(...(await world.post(20)));
    expect(await lostBy('deleted exchanges')).toBe(0);
  });

  test('the binding of the queue is deleted: a message returned as unroutable does not count as published', async () => {
    for (let round = 0; round < rounds; round++) await whilePosting(() => channel.queueUnbind({ queue, exchange: queue, routingKey: '' }));
    expect(await lostBy('deleted bindings')).toBe(0);
  });

  test('RabbitMQ is short of memory and accepts nothing for a while', async () => {
    for (let round = 0; round < rounds; round++)
      await whilePosting(async () => {
        await rabbit.raiseAlarm();
        await new Promise((resolve) => setTimeout(resolve, 500));
        await rabbit.clearAlarm();
      });
    expect(await lostBy('alarms')).toBe(0);
  });

  test('while RabbitMQ accepts nothing, the relay can be stopped; events in transit are published later', async () => {
    await rabbit.raiseAlarm();
    try {
      posted.push(...(await world.post(20)));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await expect(relay.stop()).resolves.toBeUndefined();
    } finally {
      await rabbit.clearAlarm();
    }
    relay = await broker.relay();
  });

  test('while RabbitMQ does not answer, reads of its dead letters occupy one database connection at most, and end', async () => {
    const other = await world.broker(`amqp://guest:guest@127.0.0.1:${proxy.address.port}`);
    await other.deadLetters.count();
    const holding = async () =>
      (
        await world.database.pool.query(
          `select from pg_locks where locktype = 'advisory' and objid = x'0c0ffe22'::int
             and database = (select oid from pg_database where datname = current_database())`,
        )
      ).rowCount;
    proxy.holdAnswers();
    const looks = Promise.allSettled(Array.from({ length: 20 }, () => other.deadLetters.count()));
    await vi.waitFor(async () => expect(await holding()).toBeGreaterThan(0), soon);
    // The reads run one after another: between two of them the lock may be free.
    for (let look = 0; look < 10; look++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await holding()).toBeLessThanOrEqual(1);
    }
    expect((await looks).map((look) => look.status === 'rejected' && (look.reason as Error).name)).toEqual(
      Array.from({ length: 20 }, () => 'BrokerUnavailable'),
    );
    proxy.heal();
    await vi.waitFor(async () => expect(await other.deadLetters.count()).toBe(0), soon);
    await other.stop();
  });

  test('a refused login reports the reason', async () => {
    const stranger = await world.broker(`amqp://guest:wrong@${rabbit.address.host}:${rabbit.address.port}`);
    await expect(stranger.deadLetters.count()).rejects.toThrow(/^ACCESS_REFUSED - Login was refused/);
    await stranger.stop();
  });

  test('the connection is cut between a publish and its confirm', async () => {
    const random = randomFrom(seedOf('cut connections'));
    const before = proxy.faults;
    for (let round = 0; round < rounds; round++)
      await whilePosting(async () => {
        await new Promise((resolve) => setTimeout(resolve, random() * 200));
        proxy.loseNextAnswer();
        const counted = proxy.faults;
        await vi.waitFor(() => expect(proxy.faults).toBeGreaterThan(counted), soon);
      });
    expect(proxy.faults - before).toBeGreaterThanOrEqual(rounds);
    expect(await lostBy('cut connections')).toBe(0);
  });

  test('messages are duplicated and reordered', async () => {
    const log = await world.log();
    const publisher = connection.createPublisher({ confirm: true });
    const copies = work.seen.slice(-200).toReversed();
    for (const delivery of copies)
      await publisher.send({ routingKey: queue, durable: true }, Buffer.from(JSON.stringify(envelopeOf(delivery))));
    await publisher.close();
    await vi.waitFor(() => expect(work.seen.length - work.ids.size).toBeGreaterThanOrEqual(copies.length), soon);
    expect((await world.log()).length).toBe(log.length);
    expect(await lostBy('doubled messages')).toBe(0);
  });

  test('poison messages (not an event, an unknown version, 10 MiB) become dead letters; other events continue', async () => {
    const publisher = connection.createPublisher({ confirm: true });
    const envelope = { specversion: '1.0', id: 'x', source: '/coffer/books/1', subject: 'w1', time: new Date().toISOString() };
    const place = { sequence: '000000000000001-0001', partitionkey: 'w1', data: {} };
    const span = { after: '000000000000000-0000', entries: 1 };
    const bodies = [
      Buffer.from('no JSON'),
      Buffer.from([0xff, 0xfe, 0x00]),
      Buffer.alloc(0),
      Buffer.from('[]'),
      Buffer.from(JSON.stringify({ ...envelope, ...place, type: 'coffer.wallet.FundsDeposited.v9' })),
      Buffer.from(JSON.stringify({ ...envelope, ...place, specversion: '2.0', type: 'coffer.wallet.FundsDeposited.v1' })),
      Buffer.from(JSON.stringify({ ...envelope, type: 'coffer.wallet.FundsDeposited.v1' })),
      Buffer.alloc(10 * 1024 * 1024, '{'),
      Buffer.from(JSON.stringify({ hello: 'from somebody else' })),
      Buffer.from('"text"'),
      // Arrays, as operations have them, are not for the worker.
      Buffer.from(JSON.stringify([{ ...envelope, ...place, type: 'coffer.wallet.FundsDeposited.v1' }])),
      Buffer.from(JSON.stringify(Array.from({ length: 10_000 }, () => 'text'))),
      ...[{ entries: 0 }, { entries: 2_501 }, { entries: '3' }, { after: 1 }, { after: '1-1' }, { entries: 1.5 }].map((lie) =>
        Buffer.from(JSON.stringify({ ...envelope, ...place, ...span, ...lie, type: 'coffer.wallet.FundsDeposited.v1' })),
      ),
    ];
    const types = ['application/cloudevents+json', 'application/json', 'text/plain'];
    for (const [at, body] of bodies.entries())
      await publisher.send({ routingKey: queue, durable: true, contentType: types[at % 3] ?? '' }, body);
    await publisher.close();
    posted.push(...(await world.post(50)));
    await arrived();
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(bodies.length), soon);
    const letters = await broker.deadLetters.list({ limit: 100 });
    expect(letters.every(({ deliveries, body }) => deliveries === deliveriesMax && body.length <= 65_536)).toBe(true);
    expect(letters.filter(({ eventId }) => eventId === 'x')).toHaveLength(9);
    expect(await broker.deadLetters.replay('all')).toBe(bodies.length);
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(bodies.length), soon);
    expect(await broker.deadLetters.drop('all')).toBe(bodies.length);
    expect(await lostBy('poison')).toBe(0);
  });

  test('a forged event and a position beyond the log reach no consumer, and become dead letters', async () => {
    const [id = ''] = await world.post(1);
    posted.push(id);
    await arrived();
    const real = work.seen.findLast(({ event }) => event.id === id);
    if (!real) throw new Error('the event has arrived');
    const { event, previous } = real;
    const forge = (changes: object) => envelopeOf({ event: { ...event, ...changes }, previous });
    const farAhead = { seq: 999_999_999, id: `${event.book}-999999999-1`, data: { ...event.data, amount: '1000000' } };
    const forgeries = [forge(farAhead), forge({ ...farAhead, book: 99 }), forge({ type: 'FundsWithdrawn' }), forge({ wallet: 'mallory' })];
    // Announcements of more entries than they say, of the future, of what is not between the two positions, and of another book.
    const before = previous ?? { seq: 0, part: 0 };
    const announced = (after: Place, entries: number, changes = {}) =>
      announcementOf({ event: { ...event, ...changes }, previous }, { after, entries });
    forgeries.push(
      announced({ seq: 0, part: 0 }, 1),
      announced({ seq: event.seq + 5, part: 1 }, 1),
      announced(before, 2_500, farAhead),
      announced(before, 1, { book: event.book === 1 ? 2 : 1 }),
    );
    // In the place of a real event it only announces that event, whatever it says about the amount. An announcement of it is true.
    const disguised = forge({ data: { ...event.data, amount: '1000000' } });
    const publisher = connection.createPublisher({ confirm: true });
    for (const envelope of [...forgeries, disguised, announced(before, 1)]) {
      const routing = { exchange: queue, routingKey: '', durable: true };
      await publisher.send({ ...routing, contentType: 'application/cloudevents+json' }, Buffer.from(JSON.stringify(envelope)));
    }
    await publisher.close();
    posted.push(...(await world.post(20)));
    await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(forgeries.length), soon);
    const log = new Set((await world.log()).map((entry) => JSON.stringify(entry)));
    await vi.waitFor(() => expect(work.seen.filter((delivery) => delivery.event.id === id).length).toBeGreaterThan(2), soon);
    expect(work.seen.filter((delivery) => !log.has(JSON.stringify(delivery.event)))).toEqual([]);
    expect(await broker.deadLetters.drop('all')).toBe(forgeries.length);
    expect(await lostBy('forgeries')).toBe(0);
  });

  test('an announcement of a part of what was announced before brings that part again, and nothing else', async () => {
    posted.push(...(await world.post(2)));
    await arrived();
    const first = work.seen.findLast(({ event, previous }) => event.book === 1 && previous !== null && event.id !== posted.at(-1));
    if (!first) throw new Error('events have arrived');
    const part = announcementOf(first, { after: first.previous ?? { seq: 0, part: 0 }, entries: 1 });
    const seen = work.seen.length;
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send({ exchange: queue, durable: true }, Buffer.from(JSON.stringify(part)));
    await publisher.close();
    await vi.waitFor(() => expect(work.seen.slice(seen).map(({ event }) => event.id)).toEqual([first.event.id]), soon);
  });

  test('the queue of the worker is deleted: it is declared again, and a relay from the beginning brings everything', async () => {
    // RabbitMQ 3.10 crashes when a quorum queue is deleted while it is declared, so nothing declares it meanwhile.
    await relay.stop();
    posted.push(...(await world.post(20)));
    await channel.queueDelete({ queue });
    await world.database.pool.query('update events.relay set seq = 0, part = 0');
    relay = await broker.relay();
    expect(await lostBy('a deleted queue')).toBe(0);
  });

  test('none of these faults made a healthy event a dead letter', async () => {
    expect(await broker.deadLetters.count()).toBe(0);
    await vi.waitFor(() => expect(broker.status).toEqual({ kind: 'rabbitmq', connected: true }), soon);
    expect(await lostBy('everything')).toBe(0);
  });
});
