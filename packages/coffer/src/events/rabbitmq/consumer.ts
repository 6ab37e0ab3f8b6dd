/**
 * Passes the events that RabbitMQ's messages announce to a handler, in batches and in order, as the log has them; acknowledges the
 * messages whose events the handler reports as done. An event that fails among others goes on alone, as a message of its own.
 */
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import { WakeSignal } from '../../background/index.ts';
import { assert, Backoff, pauseAfter } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { BrokerUnavailable, deliveriesMax } from '../broker.ts';
import type { Consumer, Delivery, Handler, Verdict } from '../broker.ts';
import { confirm } from '../claims.ts';
import type { Claim, Unfounded } from '../claims.ts';
import { envelopeContentType, envelopeOf, readEnvelope } from '../envelope.ts';
import { outagePauseMs, verdictsOn } from '../handling.ts';
import { closeQuietly } from './link.ts';
import type { RabbitLink } from './link.ts';
import { earlierDeliveries, failuresHeader, textOf } from './messages.ts';
import type { Message, Publisher } from './publisher.ts';
import { declareTopology, workerExchange } from './topology.ts';

/** The prefetch: two batches, so that one is in transit while another is handled. */
const prefetchMessages = 1_000;
const messagesPerBatch = 500;
/** A batch is full when its messages announce so many: with transfers, 4,000 events. */
const entriesPerBatch = 1_000;
/** The pause before the first redelivery; it doubles for each later one. */
const redeliveryPauses = { first: 500, most: 60_000 } as const;
const idleMs = 60_000;

export type ConsumerOptions = {
  readonly link: RabbitLink;
  /** For events that failed among others: its own publisher, because windows of one run one after the other. */
  readonly publisher: Publisher;
  readonly queue: string;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly handler: Handler;
  readonly log: Log;
};

/** A waiting message: what it claims, or null if it cannot be read. `why`: why it has failed, if it has. */
type Waiting = { readonly tag: number; readonly deliveries: number; readonly claim: Claim | null; why: string };
/** What the log has of a claim. */
type Answer = readonly Delivery[] | Unfounded;
/** Messages that are handled together, and what the log has of each that claims something. */
type Batch = { readonly messages: readonly Waiting[]; readonly answers: Promise<ReadonlyMap<Waiting, Answer>> };

/** One subscription, from start to end. Delivery tags are valid only within it. */
class Session {
  readonly channel: Channel;
  waiting: Waiting[] = [];
  /** The next batch, read from the log while the one before it is handled. */
  ahead: Batch | null = null;
  /** Failed messages that pause before they are handled again or returned. */
  readonly paused = new Set<NodeJS.Timeout>();
  isOver = false;

  constructor(channel: Channel, onChange: () => void) {
    this.channel = channel;
    const over = () => {
      this.isOver = true;
      for (const timer of this.paused) clearTimeout(timer);
      onChange();
    };
    channel.on('close', over);
    // The queue was deleted, or has moved to another node.
    channel.on('basic.cancel', over);
  }

  /** After the pause before a redelivery, unless the session is over. */
  afterPause(failures: number, work: () => void): void {
    const timer = setTimeout(
      () => {
        this.paused.delete(timer);
        if (!this.isOver) work();
      },
      pauseAfter(failures - 1, redeliveryPauses),
    ).unref();
    this.paused.add(timer);
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
            if (session.waiting.length > 0 || session.ahead) await this.#handleNext(session);
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
  #take(session: Session | null, delivered: AsyncMessage): void {
    const text = textOf(delivered);
    const read = text === null ? { unreadable: 'it is too long' } : readEnvelope(text);
    const { ofMessage, ofAnnouncement } = earlierDeliveries(delivered);
    const message = {
      tag: delivered.deliveryTag,
      deliveries: ofMessage + ofAnnouncement + 1,
      claim: 'id' in read ? read : null,
      why: 'id' in read ? 'its handling failed' : read.unreadable,
    };
    const add = () => {
      session?.waiting.push(message);
      this.#wake.notify();
    };
    // It was published right after its failure: the pause is here.
    if (ofMessage === 0 && ofAnnouncement > 0) session?.afterPause(ofAnnouncement, add);
    else add();
  }

  async #handleNext(session: Session): Promise<void> {
    const { messages, answers } = session.ahead ?? this.#takeBatch(session);
    session.ahead = null;
    const isOver = () => this.#stopped || session.isOver;
    let read: Batch['answers'] | null = answers;
    const handler = async () => {
      const found = await (read ?? this.#answersTo(messages));
      read = null;
      if (!session.ahead && entriesIn(session.waiting) >= entriesPerBatch) session.ahead = this.#takeBatch(session);
      return await this.#handle(messages, found, isOver);
    };
    const verdicts = await verdictsOn(messages, { ...this.#options, handler, wake: this.#wake, isOver });
    if (verdicts === null || isOver()) return;
    for (const [at, message] of messages.entries()) {
      if (verdicts[at] === 'done') session.channel.basicAck({ deliveryTag: message.tag });
      else this.#giveBack(session, message);
    }
  }

  #takeBatch(session: Session): Batch {
    const messages = nextBatch(session.waiting);
    session.waiting = session.waiting.slice(messages.length);
    const answers = this.#answersTo(messages);
    // A failure is reported when the batch is handled.
    answers.catch(() => undefined);
    return { messages, answers };
  }

  async #answersTo(messages: readonly Waiting[]): Promise<ReadonlyMap<Waiting, Answer>> {
    const claiming = messages.flatMap((message) => (message.claim ? [{ message, claim: message.claim }] : []));
    const answers = await confirm(
      this.#options.ledger,
      claiming.map(({ claim }) => claim),
    );
    return new Map(claiming.map(({ message }, at) => [message, answers[at] ?? []]));
  }

  /** A verdict for each message. Only what the log confirms reaches the handler. */
  async #handle(messages: readonly Waiting[], answers: ReadonlyMap<Waiting, Answer>, isOver: () => boolean): Promise<readonly Verdict[]> {
    const confirmed = messages.flatMap((message) => {
      const answer = answers.get(message);
      if (answer && 'unfounded' in answer) message.why = answer.unfounded;
      return answer && !('unfounded' in answer) ? [{ message, deliveries: answer }] : [];
    });
    const deliveries = confirmed.flatMap((one) => one.deliveries);
    const verdicts = deliveries.length === 0 ? [] : await this.#options.handler(deliveries);
    assert(verdicts.length === deliveries.length, 'a handler returns a verdict per delivery');
    let next = 0;
    const done = new Set<Waiting>();
    const failedAmongOthers: Delivery[] = [];
    for (const { message, deliveries: own } of confirmed) {
      const failed = own.filter(() => verdicts[next++] !== 'done');
      if (failed.length === 0 || message.claim?.span) done.add(message);
      if (message.claim?.span) failedAmongOthers.push(...failed);
    }
    await this.#deliverAlone(failedAmongOthers, isOver);
    return messages.map((message) => (done.has(message) ? 'done' : 'failed'));
  }

  /** Puts each into the queue again, as a message of its own. An announcement is acknowledged only once they are safe there. */
  async #deliverAlone(failed: readonly Delivery[], isOver: () => boolean): Promise<void> {
    if (failed.length === 0) return;
    const published = await this.#options.publisher.publish(failed.map(aloneAgain), isOver);
    if (published.some((one) => one !== 'safe')) throw new BrokerUnavailable('RabbitMQ did not confirm the redelivery of failed events');
  }

  /** Returns it for another try after a pause, or to the dead letters. */
  #giveBack(session: Session, { tag, deliveries, claim, why }: Waiting): void {
    const { log, queue } = this.#options;
    const giveBack = (requeue: boolean) => {
      if (session.channel.active) session.channel.basicNack({ deliveryTag: tag, requeue });
    };
    if (deliveries >= deliveriesMax) {
      log.error({ queue, event: claim?.id ?? null, why, deliveries }, 'An event became a dead letter');
      giveBack(false);
    } else session.afterPause(deliveries, () => giveBack(true));
  }
}

function entriesIn(messages: readonly Waiting[]): number {
  return messages.reduce((sum, { claim }) => sum + (claim?.span?.entries ?? 1), 0);
}

function nextBatch(waiting: readonly Waiting[]): Waiting[] {
  let entries = 0;
  const beyond = waiting.findIndex((message) => (entries += entriesIn([message])) > entriesPerBatch);
  return waiting.slice(0, beyond === -1 ? messagesPerBatch : Math.min(messagesPerBatch, Math.max(1, beyond)));
}

/** Its metadata stays as the log has it: if this becomes a dead letter, it is opened when an operator reads it. */
function aloneAgain(delivery: Delivery): Message {
  return {
    exchange: workerExchange,
    routingKey: '',
    messageId: delivery.event.id,
    contentType: envelopeContentType,
    headers: { [failuresHeader]: 1 },
    body: Buffer.from(JSON.stringify(envelopeOf(delivery))),
    isOwn: true,
  };
}
