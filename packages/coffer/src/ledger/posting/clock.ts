import type { Log } from '../../kernel/index.ts';

/** Behind the end of the log, time passes at half the machine's pace: late enough to be caught up with, and no wait more than doubles. */
const slowness = 2;
/** A log further ahead than this was dated by a clock that was wrong; less is a clock that is being corrected. */
export const aheadMaxMs = 2_000;
/** How often the clock is read while no posting reads it. */
const probeEveryMs = 1_000;

/** One reading: the database's clock and the date of the newest entry, both in milliseconds since 1970. */
export type ClockReading = { readonly databaseMs: number; readonly logEndMs: number };

/**
 * The database's clock without a query: its last reading plus the time elapsed on this machine's monotonic clock, which is immune to
 * changes of the wall clock. Never earlier than the end of the log.
 *
 * After the database's clock was ahead for a moment, an entry may be dated in its future. The dates of a log never go back, so until the
 * clock has caught up, time continues from the end of the log, more slowly. It does not stand still: a hold of a minute would then wait
 * for as long as the clock was ahead.
 */
export class DatabaseClock {
  readonly #book: number;
  readonly #log: Log;
  #databaseMs = 0;
  #anchoredAtMs = 0;
  #aheadMs = 0;
  /** The end of the log, and when time began to pass from there. */
  #endMs = 0;
  #endSinceMs = 0;
  #isProbing = false;

  constructor({ book, log }: { readonly book: number; readonly log: Log }) {
    this.#book = book;
    this.#log = log;
  }

  anchor({ databaseMs, logEndMs }: ClockReading): void {
    this.#databaseMs = databaseMs;
    this.#anchoredAtMs = performance.now();
    const wasAhead = this.#isAhead;
    this.#aheadMs = Math.max(0, logEndMs - databaseMs);
    if (this.#isAhead === wasAhead) return;
    const facts = { book: this.#book, aheadSeconds: this.#aheadMs / 1_000 };
    if (wasAhead) this.#log.info(facts, "The database's clock has caught up with the log");
    else this.#log.warn(facts, "The log is ahead of the database's clock: new entries are dated too late until the clock has caught up");
  }

  /** Reads the clock if it was not read recently: also shows that the database answers. */
  async probe(database: { clock(): Promise<ClockReading> }): Promise<void> {
    if (this.#isProbing || this.silentMs < probeEveryMs) return;
    this.#isProbing = true;
    try {
      this.anchor(await database.clock());
    } catch {
      // A broken connection reports itself.
    } finally {
      this.#isProbing = false;
    }
  }

  /** Milliseconds since the last reading. */
  get silentMs(): number {
    return performance.now() - this.#anchoredAtMs;
  }

  /** By how many milliseconds the newest entry was later than the database's clock at the last reading; 0 when it was not. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Whole milliseconds, so that a Date carries it exactly. */
  now(logEnd: Date): Date {
    const machineMs = performance.now();
    this.#moveTo(logEnd.getTime(), machineMs);
    const clockMs = this.#databaseMs + machineMs - this.#anchoredAtMs;
    const slowMs = this.#endMs + (machineMs - this.#endSinceMs) / slowness;
    return new Date(Math.floor(Math.max(clockMs, slowMs)));
  }

  /** Keeps the fraction of a millisecond between entries, so that a thousand batches a second do not stop time. */
  #moveTo(endMs: number, machineMs: number): void {
    const isForward = endMs >= this.#endMs;
    this.#endSinceMs = isForward ? Math.min(machineMs, this.#endSinceMs + slowness * (endMs - this.#endMs)) : machineMs;
    this.#endMs = endMs;
  }

  get #isAhead(): boolean {
    return this.#aheadMs > aheadMaxMs;
  }
}
