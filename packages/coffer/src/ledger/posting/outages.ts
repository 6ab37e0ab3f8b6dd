/** The errors that the ledger throws. Unlike a refusal they are no answer; they say what is known about the outcome. */
import pg from 'pg';

import { isOutage } from '../../database/index.ts';

export { isOutage };

/** The database could not be reached in time. `unknown` means that the operation may have been posted: retry with the same key. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';
  readonly outcome: 'not_done' | 'unknown';

  constructor(outcome: 'not_done' | 'unknown', options?: ErrorOptions) {
    super(
      outcome === 'not_done'
        ? "The ledger's database is unavailable. Nothing was done: try again."
        : "The connection to the ledger's database was lost before it answered. The outcome is unknown: repeat the request with the same idempotency key.",
      options,
    );
    this.outcome = outcome;
  }
}

/** For a commit beside the log: when its answer is lost, it may have succeeded. Throws LedgerUnavailable. */
export async function orUnknown<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (failure) {
    if (isOutage(failure)) throw new LedgerUnavailable('unknown', { cause: failure });
    throw failure;
  }
}

/** The queue is full. Nothing was done. */
export class LedgerOverloaded extends Error {
  override readonly name = 'LedgerOverloaded';
  constructor() {
    super('The ledger is overloaded. Nothing was done: try again in a second.');
  }
}

/** The book's writer hit a bug and stopped, because its state can no longer be trusted. */
export class LedgerHalted extends Error {
  override readonly name = 'LedgerHalted';
  constructor(cause: unknown) {
    super('The book is halted after an internal error; an operator has to check the log and restart it.', { cause });
  }
}

/** The log lacks what was answered: nothing is posted until an operator accepts the loss. Nothing was done. */
export class LedgerBehind extends Error {
  override readonly name = 'LedgerBehind';
  constructor(options?: ErrorOptions) {
    super('The database lost a part of the log that was answered. Nothing is posted until an operator accepts the loss.', options);
  }
}

/** Whether a later attempt can succeed: the ledger or its database is away, overloaded, behind, or halted until a restart. */
export function isLedgerOutage(failure: unknown): boolean {
  return (
    isOutage(failure) ||
    failure instanceof LedgerUnavailable ||
    failure instanceof LedgerOverloaded ||
    failure instanceof LedgerBehind ||
    failure instanceof LedgerHalted
  );
}

/**
 * Another process owns the book, so nothing was done here. `isSent`: an earlier attempt may have been committed, so ask the owner under the
 * same key. Never leaves the ledger.
 */
export class NotOwner extends Error {
  override readonly name = 'NotOwner';
  readonly isSent: boolean;

  constructor(isSent: boolean) {
    super('Another process owns the book.');
    this.isSent = isSent;
  }
}

/** The fence did not hold: the batch was decided on something other than the end of the log. Nothing was written. */
export class FencedOut extends Error {
  constructor() {
    super('The batch does not follow the end of the log.');
  }
}

/** Whether the database ended a statement at its time limit. */
export function isStatementTooSlow(failure: unknown): boolean {
  return failure instanceof pg.DatabaseError && failure.code === '57014';
}

/** A key that memory did not know was already used: decide again with the looked-up outcome. */
export class KeyUsedBefore extends Error {}

/** The database found an idempotency key that memory did not know; nothing was written. */
export function isKeyUsedBefore(failure: unknown): boolean {
  return isDuplicate(failure, 'entry_by_key');
}

/** Whether a unique index refused a row. On a Citus cluster only the message names it, with the number of the shard. */
function isDuplicate(failure: unknown, index: string): boolean {
  if (!(failure instanceof pg.DatabaseError) || failure.code !== '23505') return false;
  return failure.constraint === index || (failure.constraint === undefined && new RegExp(`\\b${index}_\\d+\\b`).test(failure.message));
}

/** The batch opens a wallet in an asset that was retired since the writer read the assets. Nothing was written. */
export function isAssetRetired(failure: unknown): boolean {
  return failure instanceof pg.DatabaseError && failure.code === 'CF002';
}

/** The term under which the batch was posted has ended: another process owns the book. Nothing was written. */
export function isReplaced(failure: unknown): boolean {
  return failure instanceof pg.DatabaseError && failure.code === 'CF001';
}

/**
 * Something else wrote to the book: the fence noticed it; or the database did, later than the fence, because a batch has this number
 * already, or because the two could not be serialized. Nothing was written.
 */
export function isFenceLost(failure: unknown): boolean {
  if (failure instanceof FencedOut) return true;
  return (failure instanceof pg.DatabaseError && failure.code === '40001') || isDuplicate(failure, 'batch_pkey');
}
