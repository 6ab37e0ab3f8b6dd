/**
 * Ends transfers by saga that nobody stays with: whoever began one was killed, or gave up on a book that was away. Looks through each
 * book's log for what was begun and has no end. Several of these at once are harmless, and so is one beside the caller's own.
 */
import { startLoop } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import { assert, pauseAfter } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { drive, isAway, recipientsBook } from './drive.ts';

export type ResumerOptions = {
  readonly ledger: Ledger;
  readonly log: Log;
  /** How often it looks; every second when absent. */
  readonly everyMs?: number;
  /** How old a transfer must be: its own caller mostly ends it sooner. 2 s when absent. */
  readonly olderThanMs?: number;
};

const rowsPerLook = 1_000;
const drivenAtOnce = 32;
/** What is kept in memory of one book; with more than this under way, what came later waits for a place. */
const openMax = 10_000;
const retryMs = { first: 1_000, most: 30_000 } as const;

type Open = { attempts: number; nextAtMs: number };

/** What one book has under way, and how far its log has been looked through. */
type BookWatch = {
  readonly book: number;
  /**
   * Whatever began at or before this place has ended, or is in `open`. A book's log is committed in its order, so nothing appears
   * behind it later. A process begins at the beginning: what has ended is passed over by two index probes each.
   */
  doneUntil: number;
  readonly open: Map<number, Open>;
  /** Told once, until nothing waits any more. */
  isToldAway: boolean;
};

export class SagaResumer {
  readonly #options: ResumerOptions;
  readonly #watches: readonly BookWatch[];
  readonly #loop: Loop;
  #stopped = false;
  /** Until when each book is not asked for anything: what is under way to another one does not wait for it. */
  readonly #awayUntilMs = new Map<number, number>();

  constructor(options: ResumerOptions) {
    this.#options = options;
    this.#watches = options.ledger.books.map((book) => ({ book, doneUntil: 0, open: new Map<number, Open>(), isToldAway: false }));
    const everyMs = options.everyMs ?? 1_000;
    const failed = (failure: unknown) => options.log.error({ err: failure }, 'Transfers between books could not be looked for');
    this.#loop = startLoop({ everyMs, firstMs: everyMs, work: () => this.#look(), failed });
  }

  /** Begins nothing new, and waits for what is under way. */
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
      if (watch.open.size === 0) watch.isToldAway = false;
    } catch (failure) {
      this.#tell(watch, failure);
    }
  }

  /** Follows the log as far as it is old enough, and keeps what has no end. */
  async #findBegun(watch: BookWatch): Promise<void> {
    const reader = this.#options.ledger.read.in(watch);
    const olderThanMs = this.#options.olderThanMs ?? 2_000;
    while (!this.#stopped && watch.open.size < openMax) {
      const begun = await reader.transfersBegun(watch.doneUntil, rowsPerLook);
      for (const { seq, ageMs, hasEnded } of begun) {
        if (ageMs < olderThanMs || watch.open.size >= openMax) return;
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
    assert(open, 'what is due is under way');
    let asked = watch.book;
    try {
      const debit = await ledger.read.in(watch).entry(seq);
      assert(debit, 'what is under way began with an entry');
      asked = recipientsBook(ledger, debit);
      const awayUntilMs = this.#awayUntilMs.get(asked) ?? 0;
      if (awayUntilMs > performance.now()) {
        open.nextAtMs = awayUntilMs;
        return;
      }
      await drive(ledger, debit);
      watch.open.delete(seq);
    } catch (failure) {
      open.nextAtMs = performance.now() + pauseAfter(open.attempts++, retryMs);
      if (isAway(failure)) this.#awayUntilMs.set(asked, performance.now() + retryMs.first);
      this.#tell(watch, failure, seq);
    }
  }

  /** An outage once; a bug each time, and the transfer stays in transit, where it is seen. */
  #tell(watch: BookWatch, failure: unknown, seq?: number): void {
    const { log } = this.#options;
    const { book } = watch;
    const about = { book, ...(seq !== undefined && { transfer: `${book}-${seq}` }) };
    if (!isAway(failure)) return log.error({ ...about, err: failure }, 'A transfer between books could not go on');
    if (!watch.isToldAway) log.warn({ ...about, reason: String(failure) }, 'Transfers between books wait for a book that is away');
    watch.isToldAway = true;
  }
}
