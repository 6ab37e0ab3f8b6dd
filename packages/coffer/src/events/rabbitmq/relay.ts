/**
 * Relays the log to RabbitMQ: reads each book after its position, announces to the worker that there is something to read, publishes
 * what other consumers have bound queues for, and advances the position past the events that are safe there.
 */
import { WakeSignal } from '../../background/index.ts';
import { isOutage } from '../../database/index.ts';
import { Backoff } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { plainMetadata } from '../../metadata/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { BrokerUnavailable } from '../broker.ts';
import type { Consumer, Place } from '../broker.ts';
import { Pace } from '../pace.ts';
import { positionsWithin } from '../positions.ts';
import { Audience } from './audience.ts';
import type { Publisher } from './publisher.ts';
import { RelaySession } from './session.ts';
import { BookLog, operationsPerWindow } from './stretch.ts';
import type { Progress, Stretch } from './stretch.ts';
import { announcing, draftsOf, writtenOut } from './window.ts';

/** Polling interval without a notification: another process may post whose notifications do not arrive here. */
const pollMs = 1_000;
const turnMs = 1_000;
const beginning: Place = { seq: 0, part: 0 };
const pauseMs = { first: 200, most: 5_000 } as const;

export type RelayOptions = {
  readonly url: string;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  /** What leaves for RabbitMQ can be read there. */
  readonly metadata?: MetadataVault | undefined;
  readonly publisher: Publisher;
  readonly log: Log;
};

type Book = {
  readonly audience: Audience;
  readonly log: BookLog;
  progress: Progress;
  /** The last event that was announced in this session. */
  announced: Place;
};

export class Relay implements Consumer {
  readonly #options: RelayOptions;
  readonly #wake = new WakeSignal();
  readonly #pace: Pace;
  /** Of each book. */
  readonly #audiences = new Map<number, Audience>();
  /** How many operations are published at once: fewer after a failure, so that a slow RabbitMQ confirms some in time. */
  #atOnce = operationsPerWindow;
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
    const positions = await positionsWithin(session, ledger, log);
    const books = new Map<number, Book>();
    for (const book of ledger.books) {
      const audience = this.#audiences.get(book) ?? new Audience();
      this.#audiences.set(book, audience);
      const bookLog = new BookLog(ledger.read.in({ book }), audience);
      books.set(book, {
        audience,
        log: bookLog,
        progress: await bookLog.progressAt(positions.get(book) ?? beginning),
        announced: beginning,
      });
    }
    while (!this.#stopped && !session.isBroken) {
      let hasMoved = false;
      for (const [book, state] of books) {
        if (this.#stopped || session.isBroken) return;
        const startedMs = performance.now();
        const stretch = await state.log.next(state.progress, this.#atOnce);
        if (!stretch) continue;
        if (await this.#publish(book, state, stretch)) {
          state.progress = stretch.progress;
          await session.moveOn(book, stretch.progress.place);
        }
        if (stretch.isFull) await this.#wake.pause(await this.#pace.restMs(performance.now() - startedMs), () => this.#stopped);
        hasMoved = true;
      }
      if (hasMoved) onProgress();
      else await this.#wake.sleep(pollMs);
    }
  }

  /** False if the stretch must be read and published again, because a queue was bound for more of it. */
  async #publish(book: number, state: Book, { announced, operations }: Stretch): Promise<boolean> {
    if (!announced) return true;
    const { publisher, log, metadata = plainMetadata } = this.#options;
    const drafts = state.audience.messagesOf(draftsOf(operations));
    const { last, span } = announced;
    // When a stretch is published again, the worker knows of its events.
    const isNew = isBefore(state.announced, last.event);
    const after = isBefore(span.after, state.announced) ? state.announced : span.after;
    const announcement = isNew ? [announcing(last, { ...span, after })] : [];
    const published = await publisher.publish([...announcement, ...(await writtenOut(drafts, metadata))], () => this.#stopped);
    if (isNew && published[0] === 'safe') state.announced = { seq: last.event.seq, part: last.event.part };
    const isMissed = state.audience.learn(drafts, published.slice(announcement.length));
    const unsafe = published.filter((one) => one === 'unknown').length;
    this.#atOnce = unsafe > 0 ? Math.max(1, this.#atOnce >> 1) : Math.min(operationsPerWindow, this.#atOnce << 1);
    if (unsafe > 0) throw new BrokerUnavailable(`${unsafe} messages about events of book ${book} are not safe yet`);
    if (this.#isHeldUp) log.info({ book }, 'Events reach RabbitMQ again');
    this.#isHeldUp = false;
    return !isMissed;
  }

  #tell(failure: unknown): void {
    const { log } = this.#options;
    const isAway = failure instanceof BrokerUnavailable || isOutage(failure);
    if (!isAway) log.error({ err: failure }, 'Relaying events to RabbitMQ failed; retrying');
    else if (!this.#isHeldUp) log.warn({ reason: (failure as Error).message }, 'Events wait in the log: they do not reach RabbitMQ');
    this.#isHeldUp = true;
  }
}

function isBefore(one: Place, other: Place): boolean {
  return one.seq < other.seq || (one.seq === other.seq && one.part < other.part);
}
