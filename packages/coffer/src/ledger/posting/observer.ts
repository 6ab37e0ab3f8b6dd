/** Observes postings, for metrics. An observer decides nothing, and without one nothing is computed. */
import type { Log } from '../../kernel/index.ts';
import type { Batch } from './batch.ts';
import type { EntryKind, Outcome } from '../rules/types.ts';

/**
 * Why a book cannot post. `unavailable`: the database does not answer. `stalled`: it does not commit, for instance because a synchronous
 * standby is away. `unsafe`: it could lose what it commits. `history_lost`: the log lacks what was answered. `halted`: a bug stopped the writer.
 */
export type BookFault = 'unavailable' | 'stalled' | 'unsafe' | 'history_lost' | 'halted';

/** The status of a book at its writer. */
export type WriterStatus = {
  readonly book: number;
  readonly ready: boolean;
  /** Why not; null when ready. */
  readonly fault: BookFault | null;
  /** Operations that wait to be taken into a batch. */
  readonly queueOperations: number;
  /** Milliseconds since the database last answered. */
  readonly clockSilentMs: number;
  /** By how many milliseconds the newest entry is later than the database's clock; 0 when it is not. */
  readonly aheadMs: number;
};

/** The current status of a book, as one process sees it. */
export type BookStatus = WriterStatus & {
  /** Whether this process owns it. */
  readonly isOwned: boolean;
  /** Counts its owners so far; 0: unknown. */
  readonly term: number;
};

/** Called on the posting path: it counts and must not wait. */
export type LedgerObserver = {
  /** A batch is committed and its callers are answered. `entries` counts the rows it added to the log; 0 for retries alone. */
  batchCommitted(batch: { readonly book: number; readonly operations: number; readonly entries: number; readonly elapsedMs: number }): void;
  /** Each operation of such a batch. */
  answered(kind: EntryKind, outcome: Outcome): void;
};

/** A failing observer is a bug, but it must not stop the ledger. */
export function notifyObserver(observe: LedgerObserver, batch: Batch, elapsedMs: number, log: Log): void {
  try {
    let operations = 0;
    for (let at = 0; at < batch.requests.length; at++) {
      const requested = batch.requests[at]?.operations ?? [];
      const outcomes = batch.answers[at] ?? [];
      for (let place = 0; place < requested.length; place++) {
        const [request, outcome] = [requested[place], outcomes[place]];
        if (request && outcome) observe.answered(request.operation.kind, outcome);
      }
      operations += requested.length;
    }
    const book = batch.sealed?.header.book ?? 0;
    observe.batchCommitted({ book, operations, entries: batch.sealed?.count ?? 0, elapsedMs });
  } catch (failure) {
    log.error({ err: failure }, "The ledger's observer failed");
  }
}
