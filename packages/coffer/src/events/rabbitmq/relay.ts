/**
 * Relays the log to RabbitMQ: reads each book after its position, publishes, and advances the position past the events that are
 * safe there.
 */
import { Follower, WakeSignal } from '../../background/index.ts';
import { isOutage } from '../../database/index.ts';
import { Backoff } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Ledger, LedgerEvent } from '../../ledger/index.ts';
import { openedEvents, plainMetadata } from '../../metadata/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { eventsExchange } from '../asyncapi.ts';
import { BrokerUnavailable } from '../broker.ts';
import type { Consumer, Place } from '../broker.ts';
import { envelopeContentType, envelopeOf } from '../envelope.ts';
import { Pace } from '../pace.ts';
import { positionsWithin } from '../positions.ts';
import type { Message, Publisher } from './publisher.ts';
import { routingKeyOf } from './topology.ts';
import { RelaySession } from './session.ts';

const eventsPerWindow = 500;
/** Polling interval without a notification: another process may post whose notifications do not arrive here. */
const pollMs = 1_000;
const turnMs = 1_000;
const pauseMs = { first: 200, most: 5_000 } as const;

export type RelayOptions = {
  readonly url: string;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  /** What leaves for RabbitMQ can be read there. */
  readonly metadata?: MetadataVault | undefined;
  readonly publisher: Publisher;
  readonly log: Log;
};

export class Relay implements Consumer {
  readonly #options: RelayOptions;
  readonly #wake = new WakeSignal();
  readonly #pace: Pace;
  readonly #running: Promise<void>;
  #stopped = false;
  #isHeldUp = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#pace = new Pace(options.ledger);
    this.#running = this.#run();
  }

  /** Notifies the relay that there may be something to send. */
  ring(): void {
    this.#wake.notify();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.notify();
    await this.#running;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(pauseMs);
    while (!this.#stopped) {
      try {
        const session = await RelaySession.open(this.#options.url, () => this.#wake.notify());
        try {
          while (!this.#stopped && !(await session.take())) await this.#wake.sleep(turnMs);
          await this.#carry(session, () => backoff.reset());
        } finally {
          await session.close();
        }
      } catch (failure) {
        this.#tell(failure);
      }
      if (this.#stopped) return;
      await this.#wake.pause(backoff.nextMs(), () => this.#stopped);
    }
  }

  /** Until it is stopped, or something is unavailable. */
  async #carry(session: RelaySession, onProgress: () => void): Promise<void> {
    const { ledger, log } = this.#options;
    const read = (book: number, after: Place) => ledger.read.in({ book }).events(after.seq, after.part, eventsPerWindow);
    const follower = new Follower(await positionsWithin(session, ledger, log), { read, limit: eventsPerWindow });
    while (!this.#stopped && !session.isBroken) {
      let carried = 0;
      for (const book of ledger.books) {
        if (this.#stopped || session.isBroken) return;
        const startedMs = performance.now();
        const safe = await this.#advance(session, book, follower);
        if (safe === eventsPerWindow) await this.#wake.pause(await this.#pace.restMs(performance.now() - startedMs), () => this.#stopped);
        carried += safe;
      }
      if (carried > 0) onProgress();
      else await this.#wake.sleep(pollMs);
    }
  }

  /** Returns how many events of the book are safe now. */
  async #advance(session: RelaySession, book: number, follower: Follower<LedgerEvent>): Promise<number> {
    const { after, events } = await follower.next(book);
    if (events.length === 0) return 0;
    const { publisher, metadata = plainMetadata } = this.#options;
    const opened = await openedEvents(metadata, events);
    const safe = await publisher.publish(windowOf(opened, after), () => this.#stopped);
    const last = events[safe - 1];
    if (last) {
      follower.moveOn(book, last);
      await session.moveOn(book, last);
    }
    if (safe < events.length) throw new BrokerUnavailable(`${events.length - safe} events of book ${book} are not safe yet`);
    if (this.#isHeldUp) this.#options.log.info({ book }, 'Events reach RabbitMQ again');
    this.#isHeldUp = false;
    return safe;
  }

  #tell(failure: unknown): void {
    const { log } = this.#options;
    const isAway = failure instanceof BrokerUnavailable || isOutage(failure);
    if (!isAway) log.error({ err: failure }, 'Relaying events to RabbitMQ failed; retrying');
    else if (!this.#isHeldUp) log.warn({ reason: (failure as Error).message }, 'Events wait in the log: they do not reach RabbitMQ');
    this.#isHeldUp = true;
  }
}

/** Each names the previous one; the first of the window names the one at the position. */
function windowOf(events: readonly LedgerEvent[], after: Place): Message[] {
  return events.map((event, at) => {
    const before = events[at - 1] ?? (after.seq === 0 ? null : after);
    const envelope = envelopeOf({ event, previous: before && { seq: before.seq, part: before.part } });
    return {
      exchange: eventsExchange,
      routingKey: routingKeyOf(event),
      messageId: event.id,
      contentType: envelopeContentType,
      body: Buffer.from(JSON.stringify(envelope)),
    };
  });
}
