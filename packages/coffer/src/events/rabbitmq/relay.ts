/**
 * Relays the log to RabbitMQ: reads each book after its position, announces to the worker that there is something to read, publishes
 * what other consumers have bound queues for, and advances the position past the events that are safe there.
 */
import { Follower, WakeSignal } from '../../background/index.ts';
import { isOutage } from '../../database/index.ts';
import { Backoff } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Ledger, LedgerEvent } from '../../ledger/index.ts';
import { plainMetadata } from '../../metadata/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { BrokerUnavailable } from '../broker.ts';
import type { Consumer, Place } from '../broker.ts';
import { Pace } from '../pace.ts';
import { positionsWithin } from '../positions.ts';
import type { Publisher } from './publisher.ts';
import { RelaySession } from './session.ts';
import { announcing, Audience, draftsOf, writtenOut } from './window.ts';

/** Each is announced by one message, and confirmed at once. */
const eventsPerWindow = 2_000;
/** More than the events of any operation. */
const partsMax = 100;
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
  readonly #audience = new Audience();
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
    const read = (book: number, after: Place) => readOperations(ledger.read.in({ book }), after);
    const follower = new Follower(await positionsWithin(session, ledger, log), { read, limit: eventsPerWindow });
    while (!this.#stopped && !session.isBroken) {
      let carried = 0;
      for (const book of ledger.books) {
        if (this.#stopped || session.isBroken) return;
        const startedMs = performance.now();
        const safe = await this.#advance(session, book, follower);
        if (safe >= eventsPerWindow) await this.#wake.pause(await this.#pace.restMs(performance.now() - startedMs), () => this.#stopped);
        carried += safe;
      }
      if (carried > 0) onProgress();
      else await this.#wake.sleep(pollMs);
    }
  }

  /** Returns how many events of the book are safe now. */
  async #advance(session: RelaySession, book: number, follower: Follower<LedgerEvent>): Promise<number> {
    const { after, events } = await follower.next(book);
    const last = events.at(-1);
    if (!last) return 0;
    const safe = await this.#publish(events, after, last);
    const reached = events[safe - 1];
    if (reached) {
      follower.moveOn(book, reached);
      await session.moveOn(book, reached);
    }
    if (safe < events.length) throw new BrokerUnavailable(`${events.length - safe} events of book ${book} are not safe yet`);
    if (this.#isHeldUp) this.#options.log.info({ book }, 'Events reach RabbitMQ again');
    this.#isHeldUp = false;
    return safe;
  }

  /** Returns how many of the events, of whole operations, are announced and published. */
  async #publish(events: readonly LedgerEvent[], after: Place, last: LedgerEvent): Promise<number> {
    const { publisher, metadata = plainMetadata } = this.#options;
    const drafts = draftsOf(events, after);
    const announcement = announcing(events, after, last);
    for (;;) {
      const wanted = this.#audience.of(drafts);
      const messages = await writtenOut(wanted, metadata);
      const [announced, ...published] = await publisher.publish([announcement, ...messages], () => this.#stopped);
      // A queue was bound since the window before: it gets this window whole and in order, and the others get it again.
      const isMissed = this.#audience.learn(wanted, published);
      if (announced !== 'safe') return 0;
      const firstUnknown = wanted[published.indexOf('unknown')];
      if (isMissed && !firstUnknown) continue;
      if (isMissed) return 0;
      if (!firstUnknown) return events.length;
      const { seq, part } = firstUnknown.before;
      return events.findLastIndex((event) => event.seq === seq && event.part === part) + 1;
    }
  }

  #tell(failure: unknown): void {
    const { log } = this.#options;
    const isAway = failure instanceof BrokerUnavailable || isOutage(failure);
    if (!isAway) log.error({ err: failure }, 'Relaying events to RabbitMQ failed; retrying');
    else if (!this.#isHeldUp) log.warn({ reason: (failure as Error).message }, 'Events wait in the log: they do not reach RabbitMQ');
    this.#isHeldUp = true;
  }
}

/** The events of whole operations, because those of one are one message. */
async function readOperations(reader: ReturnType<Ledger['read']['in']>, after: Place): Promise<LedgerEvent[]> {
  const events = await reader.events(after.seq, after.part, eventsPerWindow);
  const last = events.at(-1);
  if (!last || events.length < eventsPerWindow) return events;
  const next = await reader.events(last.seq, last.part, partsMax);
  return [...events, ...next.filter(({ seq }) => seq === last.seq)];
}
