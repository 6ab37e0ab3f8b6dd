/**
 * The port that brokers fit into. Whichever it is, it keeps the same promises:
 * - Every event of the log reaches the queue at least once, whatever crashes: the log is the outbox, and a position in it moves on only
 *   after what lies before it is safe with the broker.
 * - Without failures the events of a book come in their order. After failures they may come again, and out of order.
 * - An event that fails is delivered again, at most `deliveriesMax` times in all; then it is a dead letter, and the others have flowed on.
 * - Nothing is acknowledged before its handler says so. A consumer that dies leaves its events to the next.
 */
import type { LedgerEvent } from '../ledger/index.ts';

/** What Coffer's own worker consumes, by whichever broker. */
export const workerQueue = 'wallet.events.worker';

/** How often an event is delivered before it is a dead letter, by whichever broker. */
export const deliveriesMax = 5;

/** A place in the event log of a book. */
export type Place = { readonly seq: number; readonly part: number };

export type Delivery = {
  readonly event: LedgerEvent;
  /** The event before this one in its book: who has not seen it has a gap. Null for the first of a book. */
  readonly previous: Place | null;
};

/** `failed`: deliver it again, alone if need be, and count it. */
export type Verdict = 'done' | 'failed';

/**
 * Says of each delivery, by its place in the batch, what became of it. Throws when it cannot say (an outage): then nothing of the batch
 * is acknowledged or counted as a failure, and it comes again after a pause.
 */
export type Handler = (batch: readonly Delivery[]) => Promise<readonly Verdict[]>;

export type Consumer = {
  /** Finishes the batch that is being handled; what was not acknowledged goes to the next consumer. */ stop(): Promise<void>;
};

/** An event that was given up, as it is kept until somebody replays or drops it. */
export type DeadLetter = {
  readonly id: string;
  /** What was delivered: a CloudEvent in JSON where it could be read, else its beginning as text. */
  readonly body: string;
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly wallet: string | null;
  readonly reason: string | null;
  readonly deliveries: number;
  readonly diedAt: Date | null;
};

export type DeadLetters = {
  /** Oldest first. Looking changes nothing. */
  list(asked: { readonly limit: number; readonly after?: string }): Promise<readonly DeadLetter[]>;
  count(): Promise<number>;
  find(id: string): Promise<DeadLetter | null>;
  /** Delivers them once more from the beginning, and answers how many. It leaves the dead letters only when it is safe in the queue. */
  replay(ids: readonly string[] | 'all'): Promise<number>;
  /** For good. */
  drop(ids: readonly string[] | 'all'): Promise<number>;
};

export type BrokerStatus = { readonly kind: 'built-in' | 'rabbitmq'; readonly connected: boolean };

export type Broker = {
  readonly status: BrokerStatus;
  readonly deadLetters: DeadLetters;
  /** Carries events from the log to the broker until it is stopped; one at a time does, however many processes ask to. */
  relay(): Promise<Consumer>;
  /** Delivers events in batches. */
  consume(handler: Handler): Promise<Consumer>;
  stop(): Promise<void>;
};

/** The broker does not answer; what was asked may have been done. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}
