/**
 * The port for brokers. Every broker guarantees the same:
 * - Every event of the log reaches the queue at least once, despite crashes: the log is the outbox, and the position in it
 * advances only after the events before it are safe with the broker.
 * - Without failures, the events of a book arrive in order. After failures they may arrive again, and out of order.
 * - A failing event is delivered again, at most `deliveriesMax` times in total; then it becomes a dead letter. The others are not
 * delayed.
 * - Consumers get events as the log has them. A message that names an event which the log does not have becomes a dead letter.
 * - Nothing is acknowledged before its handler confirms it. If a consumer dies, its events go to the next.
 */
import type { LedgerEvent } from '../ledger/index.ts';

/** The queue of Coffer's own worker, with any broker. */
export const workerQueue = 'wallet.events.worker';

/** Number of deliveries after which an event becomes a dead letter, with any broker. */
export const deliveriesMax = 5;

/** A position in the event log of a book. */
export type Place = { readonly seq: number; readonly part: number };

/** Read from the log, whatever a broker's message says: a message only announces that there is an event. */
export type Delivery = {
  readonly event: LedgerEvent;
  /**
   * The previous event in its book: a consumer that has not seen it has a gap. Null for the first event of a book. The log has no event
   * between the two.
   */
  readonly previous: Place | null;
};

/** `failed`: deliver it again, alone if necessary, and count it. */
export type Verdict = 'done' | 'failed';

/**
 * Returns a verdict for each delivery of the batch, in order. Throws if it cannot (an outage): then nothing of the batch is
 * acknowledged or counted as a failure, and it is delivered again after a pause.
 */
export type Handler = (batch: readonly Delivery[]) => Promise<readonly Verdict[]>;

export type Consumer = {
  /** Finishes the batch that is being handled; what was not acknowledged goes to the next consumer. */ stop(): Promise<void>;
};

/** A dead letter, stored until it is replayed or dropped. */
export type DeadLetter = {
  readonly id: string;
  /** The delivered message: a CloudEvent in JSON if it could be read, otherwise its beginning as text. */
  readonly body: string;
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly wallet: string | null;
  readonly reason: string | null;
  readonly deliveries: number;
  readonly diedAt: Date | null;
};

export type DeadLetters = {
  /** Oldest first. Reading changes nothing. */
  list(query: { readonly limit: number; readonly after?: string }): Promise<readonly DeadLetter[]>;
  count(): Promise<number>;
  find(id: string): Promise<DeadLetter | null>;
  /**
   * Delivers them again with a fresh count, and returns how many. A letter is removed from the dead letters only once it is
   * safely queued.
   */
  replay(ids: readonly string[] | 'all'): Promise<number>;
  /** Permanently. */
  drop(ids: readonly string[] | 'all'): Promise<number>;
};

export type BrokerStatus = { readonly kind: 'built-in' | 'rabbitmq'; readonly connected: boolean };

export type Broker = {
  readonly status: BrokerStatus;
  readonly deadLetters: DeadLetters;
  /** Relays events from the log to the broker until it is stopped; one process does at a time, however many ask to. */
  relay(): Promise<Consumer>;
  /** Delivers events in batches. */
  consume(handler: Handler): Promise<Consumer>;
  stop(): Promise<void>;
};

/** The broker does not answer; the request may have been carried out. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}
