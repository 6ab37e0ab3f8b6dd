/** The system that pays out: it is called with what is held, and its answer is the decision. */
import type { Asset } from '../ledger/index.ts';
import type { Called, CallOptions } from '../outbound/index.ts';
import type { Change, Claimed } from './claims.ts';
import { beforeTimeOut, holdOf, isTimeUp, payBeforeOf } from './deadlines.ts';
import { pauseMs } from './pace.ts';
import { callersMetadata, timeOut } from './posting.ts';
import type { AsyncRequest } from './types.ts';

export type Payer = {
  readonly url: string;
  readonly secret: string;
  readonly call: (options: CallOptions) => Promise<Called>;
  readonly callTimeoutMs: number;
  /** The first pause before it is asked again. */
  readonly retryMs: number;
};

const pendingMostMs = 300_000;
const troubleMostMs = 60_000;
/** While its time is up, and nobody knows whether it was paid. */
const uncertainMostMs = 3_600_000;
/** Answers that ask to be asked again. */
const passingStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429]);
const reasonLengthMax = 500;
/** How often in a row an answer may be unreadable, before somebody has to look. */
const unreadableMax = 5;

/** Asks, under the request's id, however often: whoever pays out by it pays once. */
export async function pay(payer: Payer, claimed: Claimed, asset: Asset): Promise<Change> {
  const { request } = claimed;
  const called = await payer.call({
    url: payer.url,
    secrets: [payer.secret],
    id: request.id,
    body: bodyOf(request, asset),
    timeoutMs: payer.callTimeoutMs,
    // The operator configured it.
    allowPrivate: true,
  });
  const isNobodyAsked = called.kind === 'refused' || (called.kind === 'failed' && !called.reached);
  const change = understood(called, claimed, payer.retryMs);
  if (!isNobodyAsked || claimed.isFirstAsk !== true) return change;
  return { ...change, asked: false, ...(change.status === 'paying' && { remark: `${notReached} ${change.detail ?? ''}` }) };
}

/** How the remark of what is `paying` begins when the first call reached nobody. */
export const notReached = 'The payer was not asked yet, for it cannot be reached:';

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
    metadata: callersMetadata(content),
  });
}

/**
 * What an answer means. Only a clear word moves money; what nobody can read is for somebody to look at. Once the time is up, the payer's
 * word is its last: `pending` is that it did not pay. No word is no such thing: then it may have paid, and nothing is given back.
 */
export function understood(called: Called, { request, now }: Pick<Claimed, 'request' | 'now'>, retryMs: number): Change {
  const isLast = isTimeUp(request, now);
  const patienceMs = called.kind === 'answered' ? (called.retryAfterSeconds ?? 0) * 1_000 : 0;
  const uncertain = (outcome: string, detail = `It answered: ${outcome}.`): Change => ({
    status: 'uncertain',
    outcome,
    detail,
    remark: `${nobodyKnows} ${detail}`,
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
  if (called.kind === 'refused') return forOperators('not called', `The payout was not asked for: ${called.why}`);
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
      // Accepted is no word: what was accepted may be paid by the time that it is the last.
      if (status === 202 && !isLast) return pending();
      // It may have been cut off on the way.
      if (!word.isWhole && request.tries < unreadableMax) return again('not readable');
      return forOperators(
        'not understood',
        `The payer answered with status ${status}, but with no word that is known: paid, rejected or pending.`,
      );
  }
}

/** How the remark of what is `uncertain` begins. */
export const nobodyKnows =
  'The time is up, and nobody knows whether it was paid: the amount stays held. Approve what was paid, reject what was not.';

/** `isWhole`: it is JSON to its end. */
function wordOf(body: string): { readonly status: unknown; readonly reason: string; readonly isWhole: boolean } {
  try {
    const parsed: unknown = JSON.parse(body);
    const word: Record<string, unknown> = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
    return { status: word['status'], reason: typeof word['reason'] === 'string' ? storable(word['reason']) : '', isWhole: true };
  } catch {
    return { status: undefined, reason: '', isWhole: false };
  }
}

/** A stranger's text. */
function storable(text: string): string {
  return text.slice(0, reasonLengthMax).toWellFormed().replaceAll('\0', '');
}
