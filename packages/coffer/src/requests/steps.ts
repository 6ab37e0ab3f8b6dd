/** The next step of a request, by its state, and the result of that step. */
import { assert } from '../kernel/index.ts';
import type { PayoutConfig } from './settings.ts';
import type { Asset } from '../ledger/index.ts';
import { plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import type { Change, Claimed, Ways } from './claims.ts';
import { pauseMs } from './pace.ts';
import { beforeTimeOut, holdOf, isTimeUp, payBeforeOf } from './deadlines.ts';
import { openedRequest } from './opened.ts';
import { uncertainRemark, unreachedRemark, pay } from './paying.ts';
import type { Payer } from './paying.ts';
import { capture, hold, post, release, reviewHoldSeconds, timeOut } from './posting.ts';
import type { RequestCommands } from './posting.ts';
import type { HoldParts } from './resolved.ts';
import { notCalledYet } from './types.ts';
import type { Reviews, ReviewVerdict } from './types.ts';

export type StepParts = {
  readonly commands: RequestCommands;
  readonly payout: PayoutConfig;
  readonly payer: Payer | null;
  /** Absent: there are no reviews. */
  readonly reviews?: Reviews | undefined;
  /** The asset of a wallet with a hold. */
  readonly assetOf: (wallet: string) => Promise<Asset>;
  /** Whether money may leave the wallet. */
  readonly isOpen: (wallet: string) => Promise<boolean>;
  readonly partsOf: HoldParts;
  readonly metadata?: MetadataVault | undefined;
};

const reviewPause = { firstMs: 100, mostMs: 60_000 } as const;
const openPause = { firstMs: 1_000, mostMs: 300_000 } as const;

/** The way of withdrawals that start now. */
export async function waysOf({ payout, reviews }: StepParts): Promise<Ways> {
  if (payout.kind !== 'none') return { withdraw: { way: payout.kind, holdSeconds: payout.timeoutSeconds } };
  const isReviewed = reviews !== undefined && (await reviews.areOn());
  return { withdraw: isReviewed ? { way: 'review', holdSeconds: reviewHoldSeconds } : { way: 'post', holdSeconds: null } };
}

/** Throws if there is no answer; then the step is repeated under the same keys. */
export async function step(parts: StepParts, claimed: Claimed): Promise<Change> {
  const { request, now } = claimed;
  const { status, way } = request;
  switch (status) {
    case 'capturing':
      return await capture(parts.commands, claimed, parts.partsOf);
    case 'releasing':
      return await release(parts.commands, request, parts.partsOf);
    case 'accepted':
    case 'processing':
      return way === 'post' ? await post(parts.commands, request) : await hold(parts.commands, claimed);
    default:
  }
  // A refused capture had already been approved or paid, so no deadline applies.
  if (status === 'awaiting_approval' && request.captures > 0) return await capture(parts.commands, claimed, parts.partsOf);
  if (isTimeUp(request, now)) return request.asked ? await askLast(parts, claimed) : timeOut();
  if (status === 'held') return await afterHold(parts, claimed);
  const next = { at: holdOf(request).timesOutAt };
  if (status === 'paying' && !parts.payer) return { status: 'awaiting_approval', outcome: 'no payer', remark: noPayer, next };
  if (status === 'paying') return request.asked ? await ask(parts, claimed) : await beforeCalling(parts, claimed);
  return { status, outcome: 'waits', ...(request.remark !== null && { remark: request.remark }), next };
}

const noPayer = 'No payer is configured any more. Approve if it was paid, reject if not.';
const tooLateToAsk = 'The payer is no longer called: there is not enough time left to pay. The amount will be released shortly.';
const noPayerAgainMs = 3_600_000;

async function ask(parts: StepParts, claimed: Claimed): Promise<Change> {
  assert(parts.payer, 'only a configured payer is called');
  const request = await openedRequest(parts.metadata ?? plainMetadata, claimed.request);
  return await pay(parts.payer, { ...claimed, request }, await parts.assetOf(request.wallet));
}

/**
 * The time is up, and it may have been paid. Only the payer or an operator knows; until one of them answers, nothing is released.
 */
async function askLast(parts: StepParts, claimed: Claimed): Promise<Change> {
  if (parts.payer) return await ask(parts, claimed);
  return { status: 'uncertain', outcome: 'no payer', remark: `${uncertainRemark} ${noPayer}`, next: { afterMs: noPayerAgainMs } };
}

/** A finding counts even if its rule has changed; as long as no rule reviews withdrawals, nothing waits for the rules. */
async function verdictOf(reviews: Reviews, hold: string): Promise<ReviewVerdict> {
  const verdict = await reviews.ofHold(hold);
  const isFound = typeof verdict === 'object' && verdict.rule !== undefined;
  return isFound || (await reviews.areOn()) ? verdict : 'clear';
}

/**
 * The payer is not called if the ledger would refuse the withdrawal, the hold is no longer complete, or there is not enough time
 * left. That the payer may have been called is recorded before the call; from then on it may have paid, and is called again
 * whatever happens to the wallet.
 */
async function beforeCalling({ isOpen, partsOf }: StepParts, { request, now }: Claimed): Promise<Change> {
  const { id, amount } = holdOf(request);
  if ((await partsOf(id)).left < amount)
    return { status: 'releasing', outcome: 'not all is held', next: 'now', failure: { code: 'hold_resolved', facts: { hold: id } } };
  if (now >= payBeforeOf(request))
    return { status: 'paying', outcome: 'too late to ask', remark: tooLateToAsk, next: { at: holdOf(request).timesOutAt } };
  if (await isOpen(request.wallet)) {
    const isAgain = request.remark?.startsWith(unreachedRemark) === true;
    return { status: 'paying', outcome: 'clear', next: 'now', asked: 'first', isAgain };
  }
  const afterMs = pauseMs(request.tries, openPause.firstMs, openPause.mostMs);
  return { status: 'paying', outcome: 'the wallet is not open', remark: notCalledYet, next: beforeTimeOut(request, now, afterMs) };
}

/** The review comes first: a possible fraud must not be paid out. */
async function afterHold(parts: StepParts, claimed: Claimed): Promise<Change> {
  const { reviews } = parts;
  const { request, now } = claimed;
  const { id, timesOutAt } = holdOf(request);
  const verdict = reviews ? await verdictOf(reviews, id) : 'clear';
  if (verdict === 'not evaluated yet') {
    const afterMs = pauseMs(request.tries, reviewPause.firstMs, reviewPause.mostMs);
    return { status: 'held', outcome: 'not evaluated yet', next: beforeTimeOut(request, now, afterMs) };
  }
  if (verdict !== 'clear') {
    const remark = verdict.rule === undefined ? verdict.finding : `Rule ${verdict.rule} requires a review: finding ${verdict.finding}.`;
    return { status: 'in_review', outcome: 'found', detail: remark, remark, next: { at: timesOutAt } };
  }
  switch (request.way) {
    case 'webhook':
      return { status: 'paying', outcome: 'clear', remark: notCalledYet, next: 'in turn' };
    case 'approval':
      return {
        status: 'awaiting_approval',
        outcome: 'clear',
        remark: 'An operator has to decide whether it is paid out.',
        next: { at: timesOutAt },
      };
    default:
      return { status: 'capturing', outcome: 'clear', next: 'now' };
  }
}
