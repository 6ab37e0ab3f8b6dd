/** The payer: the system that pays out. It is called with the held amount, and its answer is the decision. */
import type { Asset } from '../ledger/index.ts';
import type { Called, CallOptions } from '../outbound/index.ts';
import type { Change, Claimed } from './claims.ts';
import { beforeTimeOut, holdOf, isTimeUp, payBeforeOf } from './deadlines.ts';
import { pauseMs } from './pace.ts';
import { timeOut } from './posting.ts';
import type { AsyncRequest } from './types.ts';

export type Payer = {
  readonly url: string;
  /** Each signs: two while one is rotated. */
  readonly secrets: readonly string[];
  readonly call: (options: CallOptions) => Promise<Called>;
  readonly callTimeoutMs: number;
  /** The first pause before another call. */
  readonly retryMs: number;
};

const pendingMostMs = 300_000;
const troubleMostMs = 60_000;
/** While the time is up and it is unknown whether the payer paid. */
const uncertainMostMs = 3_600_000;
/** Statuses that ask for a retry. */
const passingStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429]);
const reasonLengthMax = 500;
/** How many unreadable answers in a row are tolerated before an operator has to check. */
const unreadableMax = 5;

/** Calls the payer under the request's id, with readable metadata, any number of times: a payer that deduplicates by it pays once. */
export async function pay(payer: Payer, claimed: Claimed, asset: Asset): Promise<Change> {
  const { request } = claimed;
  const called = await payer.call({
    url: payer.url,
    secrets: payer.secrets,
    id: request.id,
    body: bodyOf(request, asset),
    timeoutMs: payer.callTimeoutMs,
    // The operator configured this address.
    allowPrivate: true,
  });
  const isPayerUnreached = called.kind === 'refused' || (called.kind === 'failed' && !called.reached);
  const change = understood(called, claimed, payer.retryMs);
  if (!isPayerUnreached || claimed.isFirstAsk !== true) return change;
  return { ...change, asked: false, ...(change.status === 'paying' && { remark: `${unreachedRemark} ${change.detail ?? ''}` }) };
}

/** The beginning of the remark of a `paying` request whose first call did not reach the payer. */
export const unreachedRemark = 'The payer has not been called yet, because it cannot be reached:';

export function bodyOf(request: AsyncRequest, { code, scale }: Asset): string {
  const { id, wallet, content } = request;
  return JSON.stringify({
    type: 'payout.requested',
    request: id,
    wallet,
    amount: holdOf(request).amount.toString(),
    asset: code,
    scale,
    payBefore: payBeforeOf(request).toISOString(),
    metadata: JSON.parse(content.metadata ?? '{}') as unknown,
  });
}

/**
 * Interprets an answer. Only a clear answer moves money; an unreadable one needs an operator. Once the time is up, the payer's
 * answer is its last: `pending` then means that it did not pay. A missing answer does not: it may have paid, so nothing is
 * released.
 */
export function understood(called: Called, { request, now }: Pick<Claimed, 'request' | 'now'>, retryMs: number): Change {
  const isLast = isTimeUp(request, now);
  const patienceMs = called.kind === 'answered' ? (called.retryAfterSeconds ?? 0) * 1_000 : 0;
  const uncertain = (outcome: string, detail = `It answered: ${outcome}.`): Change => ({
    status: 'uncertain',
    outcome,
    detail,
    remark: `${uncertainRemark} ${detail}`,
    next: { afterMs: Math.min(uncertainMostMs, Math.max(patienceMs, pauseMs(request.tries, retryMs, uncertainMostMs))) },
  });
  const again = (outcome: string, detail?: string): Change => {
    if (isLast) return uncertain(outcome, detail);
    const afterMs = Math.max(patienceMs, pauseMs(request.tries, retryMs, troubleMostMs));
    return { status: 'paying', outcome, detail, next: beforeTimeOut(request, now, afterMs) };
  };
  const pending = (): Change => {
    if (isLast) return { ...timeOut(), outcome: 'pending: not paid in time' };
    const afterMs = Math.max(patienceMs, pauseMs(request.tries, retryMs, pendingMostMs));
    return { status: 'paying', outcome: 'pending', next: beforeTimeOut(request, now, afterMs) };
  };
  const forOperators = (outcome: string, detail: string): Change =>
    isLast
      ? uncertain(outcome, detail)
      : { status: 'awaiting_approval', outcome, detail, remark: detail, next: { at: holdOf(request).timesOutAt } };
  if (called.kind === 'failed') return again('no answer', called.why);
  if (called.kind === 'refused') return forOperators('not called', `The payer was not called: ${called.why}`);
  const { status } = called;
  if (status >= 500 || passingStatuses.has(status)) return again(`status ${status}`);
  if (status < 200 || status >= 300) return forOperators(`status ${status}`, `The payer answered with status ${status}.`);
  const word = wordOf(called.body);
  switch (word.status) {
    case 'paid':
      return { status: 'capturing', outcome: 'paid', next: 'now' };
    case 'rejected':
      return {
        status: 'releasing',
        outcome: 'rejected',
        detail: word.reason,
        next: 'now',
        failure: { code: 'payout_rejected', facts: { reason: word.reason } },
      };
    case 'pending':
      return pending();
    default:
      // Accepted (202) decides nothing: an accepted payout may be made by the time of the last call.
      if (status === 202 && !isLast) return pending();
      // It may have been cut off in transit.
      if (!word.isWhole && request.tries < unreadableMax) return again('not readable');
      return forOperators('not understood', `The payer answered with status ${status}, but not with paid, rejected or pending.`);
  }
}

/** The beginning of the remark of an `uncertain` request. */
export const uncertainRemark =
  'The time is up, and it is unknown whether the payout was made: the amount stays held. Approve if it was paid, reject if not.';

/** `isWhole`: it is complete JSON. */
function wordOf(body: string): { readonly status: unknown; readonly reason: string; readonly isWhole: boolean } {
  try {
    const parsed: unknown = JSON.parse(body);
    const word: Record<string, unknown> = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
    return { status: word['status'], reason: typeof word['reason'] === 'string' ? storable(word['reason']) : '', isWhole: true };
  } catch {
    return { status: undefined, reason: '', isWhole: false };
  }
}

/** Text from outside. */
function storable(text: string): string {
  return text.slice(0, reasonLengthMax).toWellFormed().replaceAll('\0', '');
}
