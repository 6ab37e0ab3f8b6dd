/**
 * Reads the log after the queue's position and passes it to a handler: one consumer per queue at a time, for any number of
 * processes.
 */
import { Follower, WakeSignal } from '../../background/index.ts';
import { isOutage } from '../../database/index.ts';
import { assert, Backoff } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Ledger, LedgerEvent } from '../../ledger/index.ts';
import { deliveriesMax } from '../broker.ts';
import type { Consumer, Delivery, Handler, Place, Verdict } from '../broker.ts';
import { outagePauseMs, verdictsOn } from '../handling.ts';
import { Pace } from '../pace.ts';
import { positionsWithin } from '../positions.ts';
import { QueueSession } from './store.ts';
import type { Failed, Redelivery } from './store.ts';

const eventsPerBatch = 4_000;
/** Each is looked up separately. */
const redeliveriesPerBatch = 100;
/** Polling interval without a notification: another process may post whose notifications do not arrive here. */
const pollMs = 1_000;
const turnMs = 1_000;

export type ConsumerOptions = {
  readonly url: string;
  readonly queue: string;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly handler: Handler;
  readonly log: Log;
  /** How a dead letter is stored. */
  readonly bodyOf: (delivery: Delivery) => string;
};

export class BuiltInConsumer implements Consumer {
  readonly #options: ConsumerOptions;
  readonly #wake = new WakeSignal();
  readonly #pace: Pace;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#pace = new Pace(options.ledger);
    this.#running = this.#run();
  }

  /** Notifies the consumer that there may be something to read. */
  ring(): void {
    this.#wake.notify();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.notify();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { url, queue, log } = this.#options;
    const backoff = new Backoff(outagePauseMs);
    let isAway = false;
    while (!this.#stopped) {
      try {
        const session = await QueueSession.open(url, queue, () => this.#wake.notify());
        try {
          while (!this.#stopped && !(await session.takeTurn())) await this.#wake.sleep(turnMs);
          if (isAway) log.info({ queue }, 'Events are delivered again');
          isAway = false;
          backoff.reset();
          await this.#consume(session);
        } finally {
          await session.close();
        }
      } catch (failure) {
        if (!isOutage(failure)) log.error({ err: failure, queue }, 'Delivering events failed; retrying');
        else if (!isAway) log.warn({ queue, reason: (failure as Error).message }, 'Events wait: the database is unavailable');
        isAway = true;
      }
      if (!this.#stopped) await this.#wake.pause(backoff.nextMs(), () => this.#stopped);
    }
  }

  /** Until it is stopped or the connection ends. */
  async #consume(session: QueueSession): Promise<void> {
    const { ledger, log } = this.#options;
    const read = (book: number, after: Place) => ledger.read.in({ book }).events(after.seq, after.part, eventsPerBatch);
    const follower = new Follower(await positionsWithin(session, ledger, log), { read, limit: eventsPerBatch });
    while (!this.#stopped && !session.isBroken) {
      let handled = await this.#redeliver(session);
      for (const book of ledger.books) {
        if (this.#stopped || session.isBroken) break;
        handled += await this.#advance(session, book, follower);
      }
      if (handled === 0) await this.#wake.sleep(pollMs);
    }
  }

  /** Returns how many events of the book were handled. */
  async #advance(session: QueueSession, book: number, follower: Follower<LedgerEvent>): Promise<number> {
    const startedMs = performance.now();
    const { after, events, isFull } = await follower.next(book);
    const last = events.at(-1);
    if (!last) return 0;
    const batch = events.map((event, at) => ({ event, previous: placeOf(events[at - 1]) ?? (after.seq === 0 ? null : after) }));
    const verdicts = await this.#handle(batch, session);
    if (verdicts === null) return 0;
    await session.moveOn(book, { seq: last.seq, part: last.part }, this.#failedOf(batch, verdicts));
    follower.moveOn(book, last);
    if (isFull) await this.#rest(performance.now() - startedMs);
    return events.length;
  }

  async #rest(tookMs: number): Promise<void> {
    const restMs = await this.#pace.restMs(tookMs);
    if (restMs > 0) await this.#wake.pause(restMs, () => this.#stopped);
  }

  async #redeliver(session: QueueSession): Promise<number> {
    const due = await session.due(redeliveriesPerBatch);
    if (due.length === 0) return 0;
    const batch = await Promise.all(due.map((redelivery) => this.#found(redelivery)));
    const verdicts = await this.#handle(batch, session);
    if (verdicts === null) return 0;
    const done = batch.filter((_, at) => verdicts[at] === 'done').map(({ event }) => event);
    await session.redelivered(
      done,
      this.#failedOf(batch, verdicts, (at) => due[at]?.deliveries ?? 0),
    );
    return batch.length;
  }

  async #handle(batch: readonly Delivery[], session: QueueSession): Promise<readonly Verdict[] | null> {
    return await verdictsOn(batch, { ...this.#options, wake: this.#wake, isOver: () => this.#stopped || session.isBroken });
  }

  #failedOf(batch: readonly Delivery[], verdicts: readonly Verdict[], before: (at: number) => number = () => 0): Failed[] {
    const { bodyOf, log, queue } = this.#options;
    const failed = batch.flatMap((delivery, at) =>
      verdicts[at] === 'failed' ? [{ delivery, deliveries: before(at) + 1, body: bodyOf(delivery) }] : [],
    );
    for (const { delivery, deliveries } of failed)
      if (deliveries >= deliveriesMax) log.error({ queue, event: delivery.event.id, deliveries }, 'An event became a dead letter');
    return failed;
  }

  async #found({ book, seq, part, previous }: Redelivery): Promise<Delivery> {
    const [event] = await this.#options.ledger.read.in({ book }).events(seq, part - 1, 1);
    assert(event && event.seq === seq && event.part === part, `event ${book}-${seq}-${part} must be in the log, which is append-only`);
    return { event, previous };
  }
}

function placeOf(event: LedgerEvent | undefined): Place | null {
  return event ? { seq: event.seq, part: event.part } : null;
}
