/**
 * Passes RabbitMQ's deliveries to a handler, in batches and in order, and acknowledges those that the handler reports as done.
 */
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import { WakeSignal } from '../../background/index.ts';
import { assert, Backoff, pauseAfter } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import { BrokerUnavailable, deliveriesMax } from '../broker.ts';
import type { Consumer, Delivery, Handler, Verdict } from '../broker.ts';
import { readEnvelope } from '../envelope.ts';
import { outagePauseMs, verdictsOn } from '../handling.ts';
import { closeQuietly } from './link.ts';
import type { RabbitLink } from './link.ts';
import { earlierDeliveries, textOf } from './messages.ts';
import { declareTopology } from './topology.ts';

/** The prefetch: two batches, so that one is in transit while another is handled. */
const prefetchMessages = 1_000;
const messagesPerBatch = 500;
/** The pause before the first redelivery; it doubles for each later one. */
const redeliveryPauses = { first: 500, most: 60_000 } as const;
const idleMs = 60_000;

export type ConsumerOptions = { readonly link: RabbitLink; readonly queue: string; readonly handler: Handler; readonly log: Log };

/** A waiting message; only its readable content is stored. */
type Waiting = { readonly tag: number; readonly deliveries: number; readonly delivery: Delivery | null; readonly why: string };

/** One subscription, from start to end. Delivery tags are valid only within it. */
class Session {
  readonly channel: Channel;
  waiting: Waiting[] = [];
  /** Tags of failed messages that are returned after a pause. Acknowledging "all up to" would acknowledge them, too. */
  readonly held = new Map<number, NodeJS.Timeout>();
  isOver = false;

  constructor(channel: Channel, onChange: () => void) {
    this.channel = channel;
    const over = () => {
      this.isOver = true;
      for (const timer of this.held.values()) clearTimeout(timer);
      onChange();
    };
    channel.on('close', over);
    // The queue was deleted, or has moved to another node.
    channel.on('basic.cancel', over);
  }
}

export class RabbitConsumer implements Consumer {
  readonly #options: ConsumerOptions;
  readonly #wake = new WakeSignal();
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.notify();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log, queue } = this.#options;
    const backoff = new Backoff(outagePauseMs);
    while (!this.#stopped) {
      try {
        const session = await this.#subscribe();
        try {
          while (!this.#stopped && !session.isOver) {
            backoff.reset();
            if (session.waiting.length > 0) await this.#handleNext(session);
            else await this.#wake.sleep(idleMs);
          }
        } finally {
          // Unacknowledged messages go to the next consumer.
          session.isOver = true;
          closeQuietly(session.channel);
        }
      } catch (failure) {
        // The connection itself logs that RabbitMQ is unavailable.
        if (!(failure instanceof BrokerUnavailable)) log.error({ err: failure, queue }, 'Consuming events failed; retrying');
      }
      if (!this.#stopped) await this.#wake.pause(backoff.nextMs(), () => this.#stopped);
    }
  }

  async #subscribe(): Promise<Session> {
    const { link, queue } = this.#options;
    let session: Session | null = null;
    await link.channel(async (channel) => {
      session = new Session(channel, () => this.#wake.notify());
      await declareTopology(channel);
      await channel.basicQos({ prefetchCount: prefetchMessages });
      await channel.basicConsume({ queue }, (message) => this.#take(session, message));
    });
    assert(session, 'a channel that was prepared has its session');
    return session;
  }

  /** Called by the library outside of any try block: must not throw. */
  #take(session: Session | null, message: AsyncMessage): void {
    const text = textOf(message);
    const read = text === null ? { unreadable: 'it is too long' } : readEnvelope(text);
    session?.waiting.push({
      tag: message.deliveryTag,
      deliveries: earlierDeliveries(message) + 1,
      delivery: 'event' in read ? read : null,
      why: 'event' in read ? 'its handling failed' : read.unreadable,
    });
    this.#wake.notify();
  }

  async #handleNext(session: Session): Promise<void> {
    const batch = session.waiting.splice(0, messagesPerBatch);
    const deliveries = batch.flatMap(({ delivery }) => delivery ?? []);
    const verdicts = deliveries.length === 0 ? [] : await this.#handle(deliveries, session);
    if (verdicts === null || session.isOver) return;
    let at = 0;
    const isDone = batch.map(({ delivery }) => delivery !== null && verdicts[at++] === 'done');
    this.#settle(
      session,
      batch.filter((_, place) => isDone[place]),
      batch.filter((_, place) => !isDone[place]),
    );
  }

  async #handle(batch: readonly Delivery[], session: Session): Promise<readonly Verdict[] | null> {
    return await verdictsOn(batch, { ...this.#options, wake: this.#wake, isOver: () => this.#stopped || session.isOver });
  }

  #settle(session: Session, done: readonly Waiting[], failed: readonly Waiting[]): void {
    const { channel, held } = session;
    const last = done.at(-1);
    if (last && failed.length === 0 && held.size === 0) channel.basicAck({ deliveryTag: last.tag, multiple: true });
    else for (const { tag } of done) channel.basicAck({ deliveryTag: tag });
    for (const message of failed) this.#giveBack(session, message);
  }

  /** Returns it for another try after a pause, or to the dead letters. */
  #giveBack(session: Session, { tag, deliveries, delivery, why }: Waiting): void {
    const { log, queue } = this.#options;
    const giveBack = (requeue: boolean) => {
      session.held.delete(tag);
      if (!session.isOver && session.channel.active) session.channel.basicNack({ deliveryTag: tag, requeue });
    };
    if (deliveries >= deliveriesMax) {
      log.error({ queue, event: delivery?.event.id ?? null, why, deliveries }, 'An event became a dead letter');
      giveBack(false);
      return;
    }
    const timer = setTimeout(() => giveBack(true), pauseAfter(deliveries - 1, redeliveryPauses)).unref();
    session.held.set(tag, timer);
  }
}
