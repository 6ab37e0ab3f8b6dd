/**
 * What the ledger throws. A refusal is an answer; these are not: they say that there is no answer, and what is known about it.
 */
import pg from 'pg';

export { isOutage } from '../../database/index.ts';

/** The database could not be reached in time. `unknown` means the operation may have been posted: ask again with the same key. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';
  readonly outcome: 'not_done' | 'unknown';

  constructor(outcome: 'not_done' | 'unknown', options?: ErrorOptions) {
    super(
      outcome === 'not_done'
        ? "The ledger's database is away. Nothing was done: try again."
        : "The ledger's database went away before it answered. The outcome is unknown: send the same request with the same idempotency key again.",
      options,
    );
    this.outcome = outcome;
  }
}

/** More operations wait than the ledger is willing to queue. Nothing was done. */
export class LedgerOverloaded extends Error {
  override readonly name = 'LedgerOverloaded';
  constructor() {
    super('The ledger has more waiting than it can answer in time. Nothing was done: try again in a second.');
  }
}

/** The book's writer met a bug and stopped. Going on would mean deciding from a state nobody can vouch for. */
export class LedgerHalted extends Error {
  override readonly name = 'LedgerHalted';
  constructor(cause: unknown) {
    super('The ledger stopped this book after an internal error; an operator has to look at the log and restart it.', { cause });
  }
}

/** The database found an idempotency key that memory did not know: nothing was written. */
export function isKeyUsedBefore(failure: unknown): boolean {
  return failure instanceof pg.DatabaseError && failure.code === '23505' && failure.constraint === 'entry_by_key';
}
