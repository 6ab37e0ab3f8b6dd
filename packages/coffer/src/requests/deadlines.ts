/**
 * Until when. What is held for a request has no end of its own in the ledger: the request's end resolves it, once, and a call to a payer
 * whose answer is still under way is never overtaken by it. All moments are the database's.
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
 * A payer is told to begin nothing after this moment, and it is not asked for the first time after it either. It lies before the end by a
 * minute, or a tenth of the time where that is less: what was begun before has ended when the payer is asked for its last word, whose
 * clock may go a little differently, too.
 */
export function payBeforeOf(request: AsyncRequest): Date {
  const { timesOutAt } = holdOf(request);
  const { holdSeconds } = request;
  assert(holdSeconds !== null, 'what is held has a time');
  return new Date(timesOutAt.getTime() - Math.min(safetyMaxMs, holdSeconds * 1_000 * safetyShare));
}

/** In time to notice that the time is up. */
export function beforeTimeOut(request: AsyncRequest, now: Date, afterMs: number): { readonly afterMs: number } {
  const leftMs = holdOf(request).timesOutAt.getTime() - now.getTime();
  return { afterMs: leftMs > 0 ? Math.min(afterMs, leftMs) : afterMs };
}
