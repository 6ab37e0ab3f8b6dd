/**
 * How long a follower of the log rests between two batches.
 *
 * Posting and consuming share the database's processors. A caller waits for each posting, but nothing waits for an event: it is
 * in the log, and a delay of a few seconds costs nothing. So while the log grows about as fast as this machine allows, the
 * follower uses a small share of the time and lets a backlog build up; once growth slows down, it works without a rest. A
 * follower that keeps up never rests, whatever the growth. Without this rule, posting over RabbitMQ fell to 0.36 of its speed.
 */
import type { Ledger } from '../ledger/index.ts';

/** Entries per second in all books: more than a busy day over HTTP brings, a fraction of full speed. */
const fastGrowth = 5_000;
/** Works a thirteenth of the time. */
const restPerWork = 12;
const restMaxMs = 2_000;

export type Progress = { readonly tookMs: number; readonly growthPerSecond: number; readonly isBehind: boolean };

export function restMsAfter({ tookMs, growthPerSecond, isBehind }: Progress): number {
  return isBehind && growthPerSecond > fastGrowth ? Math.min(restMaxMs, tookMs * restPerWork) : 0;
}

/** The growth rate of the log, measured between two reads of its end. */
export class Growth {
  #last: { readonly entries: number; readonly atMs: number } | null = null;
  #perSecond = 0;

  /** Reads closer together say little: batches are committed in bursts. */
  static readonly #shortestMs = 100;

  observe(entries: number, atMs: number): number {
    const elapsedMs = this.#last === null ? Infinity : atMs - this.#last.atMs;
    if (this.#last !== null && elapsedMs < Growth.#shortestMs) return this.#perSecond;
    this.#perSecond = this.#last === null ? 0 : ((entries - this.#last.entries) * 1_000) / elapsedMs;
    this.#last = { entries, atMs };
    return this.#perSecond;
  }
}

/** The rule, for a follower that has just finished a full batch and has more to do. */
export class Pace {
  readonly #ledger: Pick<Ledger, 'books' | 'read'>;
  readonly #growth = new Growth();

  constructor(ledger: Pick<Ledger, 'books' | 'read'>) {
    this.#ledger = ledger;
  }

  async restMs(tookMs: number): Promise<number> {
    const ends = await Promise.all(this.#ledger.books.map((book) => this.#ledger.read.in({ book }).lastSeq()));
    const growthPerSecond = this.#growth.observe(
      ends.reduce((sum, end) => sum + end, 0),
      performance.now(),
    );
    return restMsAfter({ tookMs, growthPerSecond, isBehind: true });
  }
}
