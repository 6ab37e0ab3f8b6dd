/**
 * Where the newest entries of a book are. `ledger.newest` knows them up to a position of the log; from there on the owner does, because every
 * entry since then is its own. The position is moved in the background, so that this memory and the tail of the log, which other readers
 * search, stay small.
 */
import type { Log } from '../../kernel/index.ts';
import type { RecordedEntry } from '../rules/types.ts';
import { isStatementTooSlow } from './outages.ts';

/** Of every account with an entry up to `until` that `ledger.newest` may not know, the seq of its newest one. */
export type KnownNewest = { readonly until: number; readonly of: (account: string) => number | undefined };

/** One move touches each row of `ledger.newest` at most once: of a million accounts, 5 µs an entry at this size, 8 µs at half of it. */
export const entriesPerMove = 131_072;
const entriesPerMoveLeast = 1_024;
/** Moving takes at most a part of the time, so a book of few postings is moved at once and one of many in large steps. */
const restFactor = 10;
const retryMs = 1_000;

export type NewestOptions = {
  readonly book: number;
  readonly log: Log;
  /** Moves `ledger.newest` along the log by one step, and returns how far it is. */
  readonly move: () => Promise<number>;
};

/**
 * Moves by at most `entriesPerMove` in a step. A step that reaches the time limit of statements is tried again at half its size, so a slow
 * database moves slowly instead of never; the steps grow again afterwards. `move` takes the most entries of a step, and returns how far
 * `ledger.newest` is.
 */
export function inSteps(move: (most: number) => Promise<number>): () => Promise<number> {
  let most = entriesPerMove;
  return async () => {
    for (;;) {
      try {
        const until = await move(most);
        most = Math.min(entriesPerMove, most * 2);
        return until;
      } catch (failure) {
        if (!isStatementTooSlow(failure) || most === entriesPerMoveLeast) throw failure;
        most /= 2;
      }
    }
  };
}

export class NewestEntries {
  readonly #options: NewestOptions;
  /** Since the running or the next move began, and before it. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #until: number;
  #movedUntil: number;
  #mayMoveAtMs = 0;
  #isMoving = false;
  #isStuck = false;

  /** `lastSeq`: until which `ledger.newest` has been moved, which is the end of the log. */
  constructor(options: NewestOptions, lastSeq: number) {
    this.#options = options;
    this.#until = lastSeq;
    this.#movedUntil = lastSeq;
  }

  get known(): KnownNewest {
    return { until: this.#until, of: (account) => this.#young.get(account) ?? this.#old.get(account) };
  }

  /** These entries, which follow the last ones, are committed. */
  committed(entries: readonly RecordedEntry[]): void {
    for (const { seq, debit, credit } of entries) {
      if (debit) this.#young.set(debit.id, seq);
      if (credit) this.#young.set(credit.id, seq);
      this.#until = seq;
    }
    const waiting = this.#until - this.#movedUntil;
    if (!this.#isMoving && (waiting >= entriesPerMove || performance.now() >= this.#mayMoveAtMs)) void this.#move();
  }

  async #move(): Promise<void> {
    const { book, log } = this.#options;
    this.#isMoving = true;
    const startedAtMs = performance.now();
    const end = this.#until;
    this.#old = this.#young;
    this.#young = new Map();
    try {
      while (this.#movedUntil < end) this.#movedUntil = await this.#options.move();
      this.#old = new Map();
      this.#mayMoveAtMs = performance.now() + restFactor * (performance.now() - startedAtMs);
      if (this.#isStuck) log.info({ book }, 'The newest entries are moved on again');
      this.#isStuck = false;
    } catch (failure) {
      // Once: without a database, every batch tries again.
      if (!this.#isStuck)
        log.warn({ book, reason: String(failure) }, 'The newest entries could not be moved on; look-ups become slower until they are');
      this.#isStuck = true;
      for (const [account, seq] of this.#young) this.#old.set(account, seq);
      this.#young = this.#old;
      this.#old = new Map();
      this.#mayMoveAtMs = performance.now() + retryMs;
    }
    this.#isMoving = false;
  }
}
