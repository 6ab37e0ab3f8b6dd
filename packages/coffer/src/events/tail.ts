/**
 * The end of the log, followed once for everybody in this process who listens. Whoever is behind reads from the log until it has met the
 * tail, and is told by the tail from there on: both go by places in the log, so nothing is missed and nothing comes twice.
 */
import { WakeSignal } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { formatPositions, parsePositions } from '../ledger/index.ts';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import type { Place } from './broker.ts';
import { Turnstile } from './turnstile.ts';

export type TailOptions = {
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  /** Calls when something may have been posted; without one the log is looked at four times a second. */
  readonly listen?: (onRing: () => void) => Promise<{ stop(): Promise<unknown> }>;
};

/** Who is told of events. */
export type Audience = {
  /** The book that it is about; all of them when absent. */
  readonly book?: number | undefined;
  wants(event: LedgerEvent): boolean;
  /** Takes an event, and the place after it; false when there is no room for more. */
  tell(event: LedgerEvent, cursor: string): boolean;
  /** When there is room again; false: it will not listen any more. */
  room(): Promise<boolean>;
  /** It is told nothing more, for a reason of ours. */
  end(): void;
};

export type Subscription = {
  /** The place up to which it was told everything. */
  readonly cursor: string;
  stop(): void;
};

type Listener = { readonly audience: Audience; readonly places: Place[]; isLive: boolean; isStopped: boolean };

const pageSize = 500;
const pollMs = { alone: 250, withBell: 1_000 } as const;
const outageMs = 500;
/** Of those who are behind so many read at once: a log is long, and others have questions, too. */
const readersMax = 2;
/** No entry has as many events. */
const lastPart = 9_999;

export class LogTail {
  readonly #options: TailOptions;
  readonly #listeners = new Set<Listener>();
  readonly #turnstile = new Turnstile(readersMax);
  /** How far the tail has read each book; null while nobody listens. */
  #places: Place[] | null = null;
  #beginning: Promise<void> | null = null;
  #running: Promise<void> | null = null;
  #bell: Promise<{ stop(): Promise<unknown> }> | null = null;
  readonly #wake = new WakeSignal();
  #isStopped = false;
  #isTold = false;

  constructor(options: TailOptions) {
    this.#options = options;
  }

  /** Tells of everything after a place; from now on when there is none. Throws an outage. */
  async subscribe(audience: Audience, after: string | undefined): Promise<Subscription> {
    const { ledger } = this.#options;
    const places = after === undefined ? await this.#heads(audience.book) : parsePositions(after, ledger.books.length);
    const listener: Listener = { audience, places, isLive: false, isStopped: this.#isStopped };
    // Added first: the tail goes on as long as somebody is there.
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
      this.#options.log.error({ err: failure }, 'A live stream met an error of its own');
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
    await (await this.#bell)?.stop();
  }

  async #begin(): Promise<void> {
    this.#bell ??= this.#options.listen?.(() => this.#wake.notify()) ?? null;
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

  /** The ends of the logs. Of other books than the one asked for, the beginning: nobody learns from it what goes on there. */
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
        this.#isTold = false;
        if (!isMore) await this.#wake.sleep(listen ? pollMs.withBell : pollMs.alone);
      } catch (failure) {
        if (!isOutage(failure)) log.error({ err: failure }, 'Following the log met an error of its own');
        else if (!this.#isTold) log.warn({ reason: String(failure) }, 'Live streams wait for the database');
        this.#isTold = true;
        await this.#wake.sleep(outageMs);
      }
    }
    this.#places = null;
  }

  /** Reads what is new in every book and tells it; answers whether there may be more. */
  async #readOn(): Promise<boolean> {
    const { books, read } = this.#options.ledger;
    const pages = await Promise.all(
      books.map((book) => {
        const { seq, part } = this.#places?.[book - 1] ?? { seq: 0, part: 0 };
        return read.in({ book }).events(seq, part, pageSize);
      }),
    );
    // From here on nothing waits: whoever meets the tail meets it before or after all of this.
    for (const events of pages) {
      const last = events.at(-1);
      if (!last || !this.#places) continue;
      this.#places[last.book - 1] = { seq: last.seq, part: last.part };
      for (const listener of this.#listeners) if (listener.isLive) this.#tellLive(listener, events);
    }
    return pages.some((events) => events.length === pageSize);
  }

  /** One who has no room is behind from there on. */
  #tellLive(listener: Listener, events: readonly LedgerEvent[]): void {
    if (tell(listener, events)) return;
    listener.isLive = false;
    void this.#catchUp(listener).catch((failure: unknown) => {
      this.#options.log.error({ err: failure }, 'A live stream met an error of its own');
      listener.audience.end();
    });
  }

  async #catchUp(listener: Listener): Promise<void> {
    const { audience, places } = listener;
    while (!listener.isStopped) {
      if (!(await audience.room())) return;
      const behind = this.#options.ledger.books.find((book) => isFor(audience, book) && this.#isBehind(places, book));
      if (behind === undefined) {
        // It has met the tail, in this very moment.
        listener.isLive = !listener.isStopped;
        return;
      }
      const { seq, part } = places[behind - 1] ?? { seq: 0, part: 0 };
      let tailThen: Place | undefined;
      const events = await this.#turnstile.pass(() => {
        tailThen = this.#places?.[behind - 1];
        return this.#read(behind, seq, part);
      });
      if (events === null || listener.isStopped || !tell(listener, events) || events.length === pageSize) continue;
      // That was everything: it has come at least as far as the tail had before the question. Not every entry is an event.
      const own = places[behind - 1];
      if (tailThen && own && isAfter(tailThen, own)) places[behind - 1] = { ...tailThen };
    }
  }

  #isBehind(places: readonly Place[], book: number): boolean {
    const [own, tail] = [places[book - 1], this.#places?.[book - 1]];
    return tail !== undefined && own !== undefined && isAfter(tail, own);
  }

  /** Null after an outage, which was waited out for a while. */
  async #read(book: number, seq: number, part: number): Promise<LedgerEvent[] | null> {
    try {
      return await this.#options.ledger.read.in({ book }).events(seq, part, pageSize);
    } catch (failure) {
      if (!isOutage(failure)) throw failure;
      await new Promise((resolve) => setTimeout(resolve, outageMs).unref());
      return null;
    }
  }
}

/** Tells what comes after the place of a listener; false when there was no room for all of it, and its place is where it ended. */
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
