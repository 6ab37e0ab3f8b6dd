/**
 * Ends abandoned transfers by saga: their caller's process died, or gave up on an unavailable book. Scans each book's log for transfers
 * that began and have not ended. Several resumers, and the caller's own attempt, can run concurrently.
 */
import { startLoop } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import { assert, pauseAfter } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import { isLedgerOutage } from '../../ledger/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { drive, recipientsBook } from './drive.ts';

export type ResumerOptions = {
  readonly ledger: Ledger;
  readonly log: Log;
  /** The interval of the scan; one second by default. */
  readonly everyMs?: number;
  /** The minimum age of a transfer: its own caller mostly ends it sooner. 2 s by default. */
  readonly olderThanMs?: number;
};

const rowsPerLook = 1_000;
const drivenAtOnce = 32;
/** Open transfers in memory per book; beyond this, later ones wait. */
const openMax = 10_000;
const retryMs = { first: 1_000, most: 30_000 } as const;

type Open = { attempts: number; nextAtMs: number };

/** A book's open transfers, and how far its log has been scanned. */
type BookWatch = {
  readonly book: number;
  /**
   * Every transfer that began at or before this seq has ended, or is in `open`. A book's log is committed in order, so nothing appears
   * behind it later. A process starts at 0: an ended transfer costs two index probes.
   */
  doneUntil: number;
  readonly open: Map<number, Open>;
  /** Logged once, until nothing waits any more. */
  isOutageLogged: boolean;
};

export class SagaResumer {
  readonly #options: ResumerOptions;
  readonly #watches: readonly BookWatch[];
  readonly #loop: Loop;
  #stopped = false;
  /** Until when each unavailable book is skipped, so that transfers to other books do not wait for it. */
  readonly #awayUntilMs = new Map<number, number>();

  constructor(options: ResumerOptions) {
    this.#options = options;
    this.#watches = options.ledger.books.map((book) => ({ book, doneUntil: 0, open: new Map<number, Open>(), isOutageLogged: false }));
    const everyMs = options.everyMs ?? 1_000;
    const failed = (failure: unknown) => options.log.error({ err: failure }, 'Could not scan for transfers between books');
    this.#loop = startLoop({ everyMs, firstMs: everyMs, work: () => this.#look(), failed });
  }

  /** Starts nothing new, and waits for what is in progress. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
  }

  async #look(): Promise<void> {
    await Promise.all(this.#watches.map(async (watch) => await this.#lookThrough(watch)));
  }

  async #lookThrough(watch: BookWatch): Promise<void> {
    try {
      await this.#findBegun(watch);
      await this.#driveDue(watch);
      if (watch.open.size === 0) watch.isOutageLogged = false;
    } catch (failure) {
      this.#tell(watch, failure);
    }
  }

  /** Follows the log up to the minimum age, and keeps transfers without an end. */
  async #findBegun(watch: BookWatch): Promise<void> {
    const reader = this.#options.ledger.read.in(watch);
    const olderThanMs = this.#options.olderThanMs ?? 2_000;
    while (!this.#stopped && watch.open.size < openMax) {
      const begun = await reader.transfersBegun(watch.doneUntil, rowsPerLook);
      for (const { seq, ageMs, hasEnded } of begun) {
        // Dated in the future: its age is unknown, and a step that is taken twice does no harm.
        const isYoung = ageMs >= 0 && ageMs < olderThanMs;
        if (isYoung || watch.open.size >= openMax) return;
        if (!hasEnded) watch.open.set(seq, { attempts: 0, nextAtMs: 0 });
        watch.doneUntil = seq;
      }
      if (begun.length < rowsPerLook) return;
    }
  }

  async #driveDue(watch: BookWatch): Promise<void> {
    const nowMs = performance.now();
    const due = [...watch.open].filter(([, { nextAtMs }]) => nextAtMs <= nowMs).map(([seq]) => seq);
    const drivers = Array.from({ length: Math.min(drivenAtOnce, due.length) }, async () => {
      for (let seq = due.shift(); seq !== undefined && !this.#stopped; seq = due.shift()) await this.#driveOne(watch, seq);
    });
    await Promise.all(drivers);
  }

  async #driveOne(watch: BookWatch, seq: number): Promise<void> {
    const { ledger } = this.#options;
    const open = watch.open.get(seq);
    assert(open, 'a due transfer is open');
    let blockingBook = watch.book;
    try {
      const debit = await ledger.read.in(watch).entry(seq);
      assert(debit, 'an open transfer began with an entry');
      blockingBook = recipientsBook(ledger, debit);
      const awayUntilMs = this.#awayUntilMs.get(blockingBook) ?? 0;
      if (awayUntilMs > performance.now()) {
        open.nextAtMs = awayUntilMs;
        return;
      }
      await drive(ledger, debit);
      watch.open.delete(seq);
    } catch (failure) {
      open.nextAtMs = performance.now() + pauseAfter(open.attempts++, retryMs);
      if (isLedgerOutage(failure)) this.#awayUntilMs.set(blockingBook, performance.now() + retryMs.first);
      this.#tell(watch, failure, seq);
    }
  }

  /** Logs an outage once, and a bug each time; the transfer stays in transit, where it is visible. */
  #tell(watch: BookWatch, failure: unknown, seq?: number): void {
    const { log } = this.#options;
    const { book } = watch;
    const about = { book, ...(seq !== undefined && { transfer: `${book}-${seq}` }) };
    if (!isLedgerOutage(failure)) return log.error({ ...about, err: failure }, 'A transfer between books could not continue');
    if (!watch.isOutageLogged) log.warn({ ...about, reason: String(failure) }, 'Transfers between books wait for an unavailable book');
    watch.isOutageLogged = true;
  }
}
