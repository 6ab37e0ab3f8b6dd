/**
 * Passes the events that RabbitMQ's messages claim to a handler, in batches and in order, as the log has them; acknowledges those
 * that the handler reports as done.
 */
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import { WakeSignal } from '../../background/index.ts';
import { assert, Backoff, pauseAfter } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { BrokerUnavailable, deliveriesMax } from '../broker.ts';
import type { Consumer, Handler, Verdict } from '../broker.ts';
import { confirm } from '../claims.ts';
import type { Claim } from '../claims.ts';
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

export type ConsumerOptions = {
  readonly link: RabbitLink;
  readonly queue: string;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly handler: Handler;
  readonly log: Log;
};

/** A waiting message: what it claims, or null if it cannot be read. `why`: why it has failed, if it has. */
type Waiting = { readonly tag: number; readonly deliveries: number; readonly claim: Claim | null; why: string };
type Claiming = Waiting & { readonly claim: Claim };

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
      claim: 'id' in read ? read : null,
      why: 'id' in read ? 'its handling failed' : read.unreadable,
    });
    this.#wake.notify();
  }

  async #handleNext(session: Session): Promise<void> {
    const batch = session.waiting.splice(0, messagesPerBatch);
    const claiming = batch.filter((message): message is Claiming => message.claim !== null);
    const verdicts = claiming.length === 0 ? [] : await this.#handle(claiming, session);
    if (verdicts === null || session.isOver) return;
    let at = 0;
    const isDone = batch.map(({ claim }) => claim !== null && verdicts[at++] === 'done');
    this.#settle(
      session,
      batch.filter((_, place) => isDone[place]),
      batch.filter((_, place) => !isDone[place]),
    );
  }

  async #handle(batch: readonly Claiming[], session: Session): Promise<readonly Verdict[] | null> {
    const isOver = () => this.#stopped || session.isOver;
    return await verdictsOn(batch, { ...this.#options, handler: (again) => this.#confirmAndHandle(again), wake: this.#wake, isOver });
  }

  /** Only what the log confirms reaches the handler. */
  async #confirmAndHandle(batch: readonly Claiming[]): Promise<readonly Verdict[]> {
    const { ledger, handler } = this.#options;
    const claims = batch.map(({ claim }) => claim);
    const answers = await confirm(ledger, claims);
    const deliveries = answers.flatMap((answer) => ('event' in answer ? answer : []));
    const verdicts = deliveries.length === 0 ? [] : await handler(deliveries);
    assert(verdicts.length === deliveries.length, 'a handler returns a verdict per delivery');
    let at = 0;
    return answers.map((answer, place) => {
      if ('event' in answer) return verdicts[at++] ?? 'failed';
      const message = batch[place];
      if (message) message.why = answer.unfounded;
      return 'failed';
    });
  }

  #settle(session: Session, done: readonly Waiting[], failed: readonly Waiting[]): void {
    const { channel, held } = session;
    const last = done.at(-1);
    if (last && failed.length === 0 && held.size === 0) channel.basicAck({ deliveryTag: last.tag, multiple: true });
    else for (const { tag } of done) channel.basicAck({ deliveryTag: tag });
    for (const message of failed) this.#giveBack(session, message);
  }

  /** Returns it for another try after a pause, or to the dead letters. */
  #giveBack(session: Session, { tag, deliveries, claim, why }: Waiting): void {
    const { log, queue } = this.#options;
    const giveBack = (requeue: boolean) => {
      session.held.delete(tag);
      if (!session.isOver && session.channel.active) session.channel.basicNack({ deliveryTag: tag, requeue });
    };
    if (deliveries >= deliveriesMax) {
      log.error({ queue, event: claim?.id ?? null, why, deliveries }, 'An event became a dead letter');
      giveBack(false);
      return;
    }
    const timer = setTimeout(() => giveBack(true), pauseAfter(deliveries - 1, redeliveryPauses)).unref();
    session.held.set(tag, timer);
  }
}
