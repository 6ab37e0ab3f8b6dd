/** What an onlooker is told of posting: for metrics. Nothing here decides anything, and without an onlooker nothing is done. */
import type { Log } from '../../kernel/index.ts';
import type { Batch } from './batch.ts';
import type { EntryKind, Outcome } from '../rules/types.ts';

/** How a book does, at the moment of asking. */
export type BookStatus = {
  readonly book: number;
  readonly ready: boolean;
  /** How many operations wait to be taken into a batch. */
  readonly queueOperations: number;
  /** How long ago the database last answered. */
  readonly clockSilentMs: number;
};

/** Called on the posting path: it counts, and does not wait. */
export type LedgerObserver = {
  /** A batch is on disk and its callers are answered. `entries`: the rows it added to the log; none for retries alone. */
  batchCommitted(batch: { readonly book: number; readonly operations: number; readonly entries: number; readonly elapsedMs: number }): void;
  /** Each operation of such a batch. */
  answered(kind: EntryKind, outcome: Outcome): void;
};

/** An onlooker that fails is a bug, but none that may stop the ledger. */
export function tellObserver(observe: LedgerObserver, batch: Batch, elapsedMs: number, log: Log): void {
  try {
    let operations = 0;
    for (let at = 0; at < batch.requests.length; at++) {
      const asked = batch.requests[at]?.asked ?? [];
      const outcomes = batch.answers[at] ?? [];
      for (let place = 0; place < asked.length; place++) {
        const [request, outcome] = [asked[place], outcomes[place]];
        if (request && outcome) observe.answered(request.operation.kind, outcome);
      }
      operations += asked.length;
    }
    const book = batch.sealed?.header.book ?? 0;
    observe.batchCommitted({ book, operations, entries: batch.sealed?.count ?? 0, elapsedMs });
  } catch (failure) {
    log.error({ err: failure }, 'What observes the ledger failed');
  }
}
