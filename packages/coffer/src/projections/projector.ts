/**
 * Passes the broker's deliveries to every projection independently. Deliveries that follow directly on the mark are applied;
 * otherwise the log is read: it has everything, in order. So a broker that repeats, reorders or loses events does no harm.
 */
import type pg from 'pg';
import { startLoop } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import type { Delivery, Handler, Place } from '../events/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import { Applier, ProjectionHalted } from './applier.ts';
import { byBook, follows } from './deliveries.ts';
import { ensureMarks, isBefore, isSame, readSetAside } from './marks.ts';
import type { Projection } from './projection.ts';

const eventsPerRead = 4_000;
/** Marks that have not moved between two checks are compared with the log. */
const lookMs = 5_000;
const haltMs = 60_000;
/**
 * A projection that is so many entries behind, such as a new one after an upgrade, catches up beside the deliveries: the others, fraud
 * rules among them, would wait for it.
 */
const farBehindEntries = 100_000;

export type ProjectorOptions = {
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  readonly projections: readonly Projection[];
  readonly lookMs?: number;
  readonly farBehindEntries?: number;
};

export class Projector {
  readonly #options: ProjectorOptions;
  readonly #appliers: readonly Applier[];
  readonly #loop: Loop;
  /** Until when a halted projection is not tried. */
  readonly #haltedUntilMs = new Map<Applier, number>();
  /** Marks beyond the end of the log that were reported, by projection and book. */
  readonly #ahead = new Set<string>();
  /** The mark of each at the last check, by projection and book. */
  readonly #looked = new Map<string, Place>();
  /** Those that catch up beside the deliveries, by projection and book. */
  readonly #catchingUp = new Map<string, Promise<void>>();
  #handling = 0;
  #begun: Promise<void> | null = null;
  #stopped = false;

  private constructor(options: ProjectorOptions) {
    this.#options = options;
    const { pool, log } = options;
    this.#appliers = options.projections.map((projection) => new Applier({ pool, projection, generation: 'active', log }));
    const everyMs = options.lookMs ?? lookMs;
    const failed = (failure: unknown) => log.error({ err: failure }, 'Comparing projections with the log failed');
    this.#loop = startLoop({ everyMs, firstMs: everyMs, work: () => this.#look(), failed });
  }

  /** An unavailable database does not abort the start: the next step repeats what could not be done here. */
  static async start(options: ProjectorOptions): Promise<Projector> {
    const projector = new Projector(options);
    try {
      await projector.#begin();
    } catch (failure) {
      if (isOutage(failure)) return projector;
      await projector.stop();
      throw failure;
    }
    return projector;
  }

  /** For the broker. An event has failed if a projection has quarantined it. */
  readonly handle: Handler = async (batch) => {
    this.#handling++;
    try {
      await this.#begin();
      const failed = new Set<string>();
      for (const [book, deliveries] of byBook(batch)) {
        const places = await settleAll(this.#appliers.map((applier) => this.#applyTo(applier, book, deliveries)));
        for (const { seq, part } of places.flat()) failed.add(`${book}-${seq}-${part}`);
      }
      return batch.map(({ event: { book, seq, part } }) => (failed.has(`${book}-${seq}-${part}`) ? 'failed' : 'done'));
    } finally {
      this.#handling--;
    }
  };

  /** Starts nothing new, and waits for work in progress. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
    await Promise.all(this.#catchingUp.values());
  }

  /** Creates the marks of every projection. */
  async #begin(): Promise<void> {
    const { pool, ledger, projections } = this.#options;
    const ensureAll = async () => {
      for (const { name } of projections) await ensureMarks(pool, name, ledger.books);
    };
    this.#begun ??= ensureAll().catch((failure: unknown) => {
      this.#begun = null;
      throw failure;
    });
    await this.#begun;
  }

  /** Returns which of them could not be applied. `deliveries` in order, each once. */
  async #applyTo(applier: Applier, book: number, deliveries: readonly Delivery[]): Promise<Place[]> {
    const { pool } = this.#options;
    const { name } = applier.projection;
    const [first, last] = [deliveries[0]?.event, deliveries.at(-1)?.event];
    if (!first || !last) return [];
    let mark = await applier.mark(book);
    const known = isBefore(mark, first) ? [] : await readSetAside(pool, name, book, first, last);
    for (const { event } of deliveries) if (known.some((place) => isSame(place, event))) await applier.retry(event);

    const fresh = deliveries.filter(({ event }) => isBefore(mark, event));
    const wasLater = this.#isLater(applier, book);
    if (fresh.length > 0) mark = await this.#advance(applier, book, mark, fresh);
    const setAside = await readSetAside(pool, name, book, first, last);
    // Events beyond the end of this log are not its own; a projection that is halted or far behind gets there later, from the log.
    const isLater = wasLater || this.#isLater(applier, book);
    const missing = isLater ? [] : fresh.filter(({ event }) => isBefore(mark, event)).map(({ event }) => event);
    return [...setAside, ...missing];
  }

  async #advance(applier: Applier, book: number, mark: Place, fresh: readonly Delivery[]): Promise<Place> {
    const until = fresh.at(-1)?.event ?? mark;
    try {
      if (this.#isLater(applier, book)) return mark;
      if (follows(mark, fresh)) {
        const reached = await applier.advance({ book, after: mark, events: fresh.map(({ event }) => event) });
        if (!isBefore(reached, until)) return reached;
      }
      if (await this.#isFarBehind(book, mark)) {
        this.#catchUpBeside(applier, book);
        return mark;
      }
      await this.#catchUp(applier, book, until);
    } catch (failure) {
      this.#halt(applier, failure);
    }
    return await applier.mark(book);
  }

  /** Applies what the log has after the mark. Returns how many events were read. */
  async #catchUp(applier: Applier, book: number, until?: Place): Promise<number> {
    let read = 0;
    for (let after = await applier.mark(book); !this.#stopped && (until === undefined || isBefore(after, until));) {
      const found = await this.#options.ledger.read.in({ book }).events(after.seq, after.part, eventsPerRead);
      const events: LedgerEvent[] = until === undefined ? found : found.filter((event) => !isBefore(until, event));
      if (events.length === 0) break;
      const reached = await applier.advance({ book, after, events });
      if (!isBefore(after, reached)) break;
      after = reached;
      read += events.length;
    }
    return read;
  }

  async #isFarBehind(book: number, { seq }: Place): Promise<boolean> {
    const { ledger, farBehindEntries: most = farBehindEntries } = this.#options;
    return (await ledger.read.in({ book }).lastSeq()) - seq > most;
  }

  /** If it fails, the next delivery starts it again. */
  #catchUpBeside(applier: Applier, book: number): void {
    const { log } = this.#options;
    const { name } = applier.projection;
    const key = `${name} ${book}`;
    log.info({ projection: name, book }, 'A projection is far behind; it catches up from the log while the others continue');
    const work = async () => {
      try {
        await this.#catchUp(applier, book);
      } catch (failure) {
        if (failure instanceof ProjectionHalted) this.#halt(applier, failure);
        else if (!isOutage(failure)) log.error({ err: failure, projection: name }, 'A projection could not catch up with the log');
      } finally {
        this.#catchingUp.delete(key);
      }
    };
    this.#catchingUp.set(key, work());
  }

  /** If the broker is unavailable or has lost events, the log has them. */
  async #look(): Promise<void> {
    const { ledger, log } = this.#options;
    for (const applier of this.#appliers) {
      for (const book of ledger.books) {
        if (this.#stopped || this.#handling > 0 || this.#isHalted(applier)) continue;
        try {
          await this.#begin();
          const key = `${applier.projection.name} ${book}`;
          const [mark, before] = [await applier.mark(book), this.#looked.get(key)];
          this.#looked.set(key, mark);
          if (!before || !isSame(mark, before)) continue;
          if (await this.#isAhead(applier, book, mark)) continue;
          const events = await this.#catchUp(applier, book);
          if (events > 0) log.warn({ projection: applier.projection.name, book, events }, 'Undelivered events were read from the log');
        } catch (failure) {
          if (isOutage(failure)) return;
          if (failure instanceof ProjectionHalted) this.#halt(applier, failure);
          else log.error({ err: failure, projection: applier.projection.name }, 'Comparing a projection with the log failed');
        }
      }
    }
  }

  /** Reports a mark that is not in the log, once: beyond its end every event looks applied, in a lost end what is gone was applied. */
  async #isAhead({ projection: { name } }: Applier, book: number, mark: Place): Promise<boolean> {
    const end = await this.#options.ledger.read.in({ book }).within(mark.seq);
    const key = `${name} ${book}`;
    if (mark.seq <= end) this.#ahead.delete(key);
    else if (!this.#ahead.has(key)) {
      this.#ahead.add(key);
      this.#options.log.error(
        { projection: name, book, mark: mark.seq, end },
        `A projection is ahead of the log and applies nothing until you run: coffer rebuild ${name}`,
      );
    }
    return mark.seq > end;
  }

  /** Whether it takes no deliveries now, because it will read the same from the log. */
  #isLater(applier: Applier, book: number): boolean {
    return this.#isHalted(applier) || this.#catchingUp.has(`${applier.projection.name} ${book}`);
  }

  #isHalted(applier: Applier): boolean {
    return (this.#haltedUntilMs.get(applier) ?? 0) > performance.now();
  }

  #halt(applier: Applier, failure: unknown): void {
    if (!(failure instanceof ProjectionHalted)) throw failure;
    this.#haltedUntilMs.set(applier, performance.now() + haltMs);
    this.#options.log.error({ err: failure, projection: applier.projection.name }, 'A projection stopped; the others continue');
  }
}

/** Projections are independent, so they take the same events concurrently. If one throws, the others are awaited. */
async function settleAll<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(works);
  return settled.map((work) => {
    if (work.status === 'rejected') throw work.reason;
    return work.value;
  });
}
