/**
 * Deadlines. A request's hold does not expire in the ledger: the end of the request resolves it, once, so it never overtakes a
 * call to a payer that is still in progress. All times are the database's.
 */
import { assert } from '../kernel/index.ts';
import type { AsyncRequest, RequestHold } from './types.ts';

const safetyMaxMs = 60_000;
const safetyShare = 0.1;

export function holdOf({ hold }: Pick<AsyncRequest, 'hold'>): RequestHold {
  assert(hold, 'a request in this state has a hold');
  return hold;
}

export function isTimeUp(request: AsyncRequest, now: Date): boolean {
  return now >= holdOf(request).timesOutAt;
}

/**
 * A payer must not start a payout after this time, and is not called for the first time after it. It is a minute before the
 * deadline, or a tenth of the time if that is less: a payout that was started before has finished by the last call to the payer,
 * even if the payer's clock differs a little.
 */
export function payBeforeOf(request: AsyncRequest): Date {
  const { timesOutAt } = holdOf(request);
  const { holdSeconds } = request;
  assert(holdSeconds !== null, 'a held request has a deadline');
  return new Date(timesOutAt.getTime() - Math.min(safetyMaxMs, holdSeconds * 1_000 * safetyShare));
}

/** Shortens a pause so that it ends when the time is up. */
export function beforeTimeOut(request: AsyncRequest, now: Date, afterMs: number): { readonly afterMs: number } {
  const leftMs = holdOf(request).timesOutAt.getTime() - now.getTime();
  return { afterMs: leftMs > 0 ? Math.min(afterMs, leftMs) : afterMs };
}
