/**
 * Follows the end of the log once for all listeners of this process. A listener that is behind reads from the log until it has
 * caught up with the tail, and gets events from the tail from then on: both use cursors, so nothing is missed and nothing is sent
 * twice.
 */
import { WakeSignal } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { formatPositions, parsePositions } from '../ledger/index.ts';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import { openedEvents, plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import type { Place } from './broker.ts';
import { Semaphore } from './semaphore.ts';

export type TailOptions = {
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  readonly metadata?: MetadataVault | undefined;
  /** Calls back when something may have been posted; without it, the log is polled four times a second. */
  readonly listen?: (onNotified: () => void) => Promise<{ stop(): Promise<unknown> }>;
};

/** A listener to events. */
export type Audience = {
  /** The book to follow; all if absent. */
  readonly book?: number | undefined;
  wants(event: LedgerEvent): boolean;
  /** Takes an event and the cursor after it; false if there is no room for more. */
  tell(event: LedgerEvent, cursor: string): boolean;
  /** Resolves once there is room again; false if it will not listen any more. */
  room(): Promise<boolean>;
  /** Ends the listener for a reason of ours. */
  end(): void;
};

export type Subscription = {
  /** The cursor up to which it has received everything. */
  readonly cursor: string;
  stop(): void;
};

type Listener = { readonly audience: Audience; readonly places: Place[]; isLive: boolean; isStopped: boolean };

const pageSize = 500;
const pollMs = { alone: 250, withNotifier: 1_000 } as const;
const outageMs = 500;
/** Maximum number of lagging listeners that read at the same time: a log is long, and other queries need the database, too. */
const readersMax = 2;
/** No entry has as many events. */
const lastPart = 9_999;

export class LogTail {
  readonly #options: TailOptions;
  readonly #listeners = new Set<Listener>();
  readonly #semaphore = new Semaphore(readersMax);
  /** How far the tail has read each book; null without listeners. */
  #places: Place[] | null = null;
  #beginning: Promise<void> | null = null;
  #running: Promise<void> | null = null;
  #notifications: Promise<{ stop(): Promise<unknown> }> | null = null;
  readonly #wake = new WakeSignal();
  #isStopped = false;
  #isLogged = false;

  constructor(options: TailOptions) {
    this.#options = options;
  }

  /** Sends everything after a cursor; without one, everything from now on. Throws an outage. */
  async subscribe(audience: Audience, after: string | undefined): Promise<Subscription> {
    const { ledger } = this.#options;
    const places = after === undefined ? await this.#heads(audience.book) : parsePositions(after, ledger.books.length);
    const listener: Listener = { audience, places, isLive: false, isStopped: this.#isStopped };
    // Added first: the tail runs as long as there are listeners.
    this.#listeners.add(listener);
    const stop = () => {
      listener.isStopped = true;
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#wake.notify();
    };
    try {
      await this.#begin();
    } catch (failure) {
      stop();
      throw failure;
    }
    void this.#catchUp(listener).catch((failure: unknown) => {
      this.#options.log.error({ err: failure }, 'Unhandled error in live stream');
      stop();
      audience.end();
    });
    return {
      get cursor() {
        return formatPositions(places);
      },
      stop,
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const listener of this.#listeners) {
      listener.isStopped = true;
      listener.audience.end();
    }
    this.#listeners.clear();
    this.#wake.notify();
    await this.#running;
    await (await this.#notifications)?.stop();
  }

  async #begin(): Promise<void> {
    this.#notifications ??= this.#options.listen?.(() => this.#wake.notify()) ?? null;
    if (this.#places) return;
    this.#beginning ??= this.#start().finally(() => (this.#beginning = null));
    await this.#beginning;
  }

  async #start(): Promise<void> {
    this.#places = await this.#heads(undefined);
    const before = this.#running;
    this.#running = (async () => {
      await before;
      await this.#run();
    })();
  }

  /**
   * The ends of the logs. Other books than the requested one start at their beginning, so that their activity is not revealed.
   */
  async #heads(only: number | undefined): Promise<Place[]> {
    const { books, read } = this.#options.ledger;
    return await Promise.all(
      books.map(async (book) => {
        if (only !== undefined && only !== book) return { seq: 0, part: 0 };
        const seq = await read.in({ book }).lastSeq();
        return seq === 0 ? { seq, part: 0 } : { seq, part: lastPart };
      }),
    );
  }

  async #run(): Promise<void> {
    const { log, listen } = this.#options;
    while (this.#listeners.size > 0) {
      this.#wake.clear();
      try {
        const isMore = await this.#readOn();
        this.#isLogged = false;
        if (!isMore) await this.#wake.sleep(listen ? pollMs.withNotifier : pollMs.alone);
      } catch (failure) {
        if (!isOutage(failure)) log.error({ err: failure }, 'Unhandled error while following the log');
        else if (!this.#isLogged) log.warn({ reason: String(failure) }, 'Live streams wait for the database');
        this.#isLogged = true;
        await this.#wake.sleep(outageMs);
      }
    }
    this.#places = null;
  }

  /** Reads what is new in every book and passes it on; returns whether there may be more. */
  async #readOn(): Promise<boolean> {
    const pages = await Promise.all(
      this.#options.ledger.books.map((book) => {
        const { seq, part } = this.#places?.[book - 1] ?? { seq: 0, part: 0 };
        return this.#events(book, seq, part);
      }),
    );
    // No await from here on, so a listener catches up either before or after all of this.
    for (const events of pages) {
      const last = events.at(-1);
      if (!last || !this.#places) continue;
      this.#places[last.book - 1] = { seq: last.seq, part: last.part };
      for (const listener of this.#listeners) if (listener.isLive) this.#sendLive(listener, events);
    }
    return pages.some((events) => events.length === pageSize);
  }

  /** A listener without room is behind from there on. */
  #sendLive(listener: Listener, events: readonly LedgerEvent[]): void {
    if (tell(listener, events)) return;
    listener.isLive = false;
    void this.#catchUp(listener).catch((failure: unknown) => {
      this.#options.log.error({ err: failure }, 'Unhandled error in live stream');
      listener.audience.end();
    });
  }

  async #catchUp(listener: Listener): Promise<void> {
    const { audience, places } = listener;
    while (!listener.isStopped) {
      if (!(await audience.room())) return;
      const behind = this.#options.ledger.books.find((book) => isFor(audience, book) && this.#isBehind(places, book));
      if (behind === undefined) {
        // It has caught up with the tail at this very moment.
        listener.isLive = !listener.isStopped;
        return;
      }
      const { seq, part } = places[behind - 1] ?? { seq: 0, part: 0 };
      let tailThen: Place | undefined;
      const events = await this.#semaphore.pass(() => {
        tailThen = this.#places?.[behind - 1];
        return this.#read(behind, seq, part);
      });
      if (events === null || listener.isStopped || !tell(listener, events) || events.length === pageSize) continue;
      // That was everything, so it is at least as far as the tail was before the query. Not every entry has an event.
      const own = places[behind - 1];
      if (tailThen && own && isAfter(tailThen, own)) places[behind - 1] = { ...tailThen };
    }
  }

  #isBehind(places: readonly Place[], book: number): boolean {
    const [own, tail] = [places[book - 1], this.#places?.[book - 1]];
    return tail !== undefined && own !== undefined && isAfter(tail, own);
  }

  /** Null after an outage, after a pause. */
  async #read(book: number, seq: number, part: number): Promise<readonly LedgerEvent[] | null> {
    try {
      return await this.#events(book, seq, part);
    } catch (failure) {
      if (!isOutage(failure)) throw failure;
      await new Promise((resolve) => setTimeout(resolve, outageMs).unref());
      return null;
    }
  }

  async #events(book: number, seq: number, part: number): Promise<readonly LedgerEvent[]> {
    const { ledger, metadata = plainMetadata } = this.#options;
    return await openedEvents(metadata, await ledger.read.in({ book }).events(seq, part, pageSize));
  }
}

/** Passes on what follows a listener's cursor; false if there was no room for all of it, and the cursor is where it stopped. */
function tell({ audience, places }: Listener, events: readonly LedgerEvent[]): boolean {
  for (const event of events) {
    const { book, seq, part } = event;
    const place = places[book - 1];
    if (!isFor(audience, book) || !place || !isAfter(event, place)) continue;
    places[book - 1] = { seq, part };
    if (audience.wants(event) && !audience.tell(event, formatPositions(places))) return false;
  }
  return true;
}

function isFor(audience: Audience, book: number): boolean {
  return audience.book === undefined || audience.book === book;
}

function isAfter(one: Place, other: Place): boolean {
  return one.seq > other.seq || (one.seq === other.seq && one.part > other.part);
}
