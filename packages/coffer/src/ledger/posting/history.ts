/**
 * Whether the log still contains what was answered. A restore, or a failover to a standby that was behind, takes the end of the log away;
 * posting on would give its seqs a second time, and callers would hold answers that no log knows.
 */
import type { Log } from '../../kernel/index.ts';
import { isLost } from '../chain/epochs.ts';
import type { BookStore, Head } from './store.ts';

/** The last batch that is known to be committed: by this process' own answers, or by a checkpoint. */
export type KnownHead = { readonly batchNo: number; readonly lastSeq: number; readonly hash: string };

/** The log lacks a batch that was committed. */
export class HistoryLost extends Error {
  override readonly name = 'HistoryLost';
  readonly known: KnownHead;
  /** Where the log ends now. */
  readonly endsAt: number;

  constructor(book: number, known: KnownHead, endsAt: number) {
    super(`The log of book ${book} ends at seq ${endsAt} and does not contain what was committed until seq ${known.lastSeq}.`);
    this.known = known;
    this.endsAt = endsAt;
  }
}

export type HistoryOptions = {
  readonly book: number;
  readonly log: Log;
  /** The newest head that is recorded outside the database. */
  readonly known?: KnownHead | undefined;
  /** Called once with the last committed head when the log turns out not to contain it. */
  readonly onHistoryLost?: ((book: number, known: KnownHead) => void) | undefined;
};

/** What one writer knows to be committed, compared with the log at each connection. */
export class History {
  readonly #options: HistoryOptions;
  #committed: KnownHead | null;
  #lost: HistoryLost | null = null;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#committed = options.known ?? null;
  }

  /** Why nothing may be posted; null while the log is complete. */
  get lost(): HistoryLost | null {
    return this.#lost;
  }

  /** A batch is known to be committed. */
  committed({ batchNo, lastSeq, hash }: Head): void {
    this.#committed = { batchNo, lastSeq, hash: hash.toString('hex') };
  }

  /** Of a new connection: throws HistoryLost when the log lacks what was committed, unless an operator has accepted the loss. */
  async compare(store: BookStore, head: Head): Promise<void> {
    const { book, log } = this.#options;
    const known = this.#committed;
    if (known && (await store.hashOf(known.batchNo)) !== known.hash && !isLost(known.lastSeq, await store.gaps()))
      throw new HistoryLost(book, known, head.lastSeq);
    if (this.#lost) log.warn({ book }, 'The log is complete again, or its loss was accepted: this book posts again');
    this.#lost = null;
    this.committed(head);
  }

  /** Nothing may be posted from now on. Logs it the first time. */
  lose(failure: HistoryLost): void {
    const { book, log, onHistoryLost } = this.#options;
    if (!this.#lost) {
      const { known, endsAt } = failure;
      log.error(
        { book, committedUntil: known.lastSeq, logEndsAt: endsAt, hash: known.hash },
        'The database lost a part of the log that was answered (a restore, or a failover to a standby that was behind). This book posts nothing until you bring that part back, or accept the loss: coffer accept-loss',
      );
      onHistoryLost?.(book, known);
    }
    this.#lost = failure;
  }
}
