/** What is next for a request, by the state it is in: one step, and what it made of the request. */
import { assert } from '../kernel/index.ts';
import type { PayoutConfig } from './settings.ts';
import type { Asset } from '../ledger/index.ts';
import type { Change, Claimed, Ways } from './claims.ts';
import { pauseMs } from './pace.ts';
import { beforeTimeOut, holdOf, isTimeUp, payBeforeOf } from './deadlines.ts';
import { nobodyKnows, notReached, pay } from './paying.ts';
import type { Payer } from './paying.ts';
import { capture, hold, post, release, reviewHoldSeconds, timeOut } from './posting.ts';
import type { RequestCommands } from './posting.ts';
import type { HoldParts } from './resolved.ts';
import { notAskedYet } from './types.ts';
import type { Reviews, ReviewVerdict } from './types.ts';

export type StepParts = {
  readonly commands: RequestCommands;
  readonly payout: PayoutConfig;
  readonly payer: Payer | null;
  /** Absent: there are no reviews. */
  readonly reviews?: Reviews | undefined;
  /** The asset of a wallet that has something held. */
  readonly assetOf: (wallet: string) => Promise<Asset>;
  /** Whether money may leave the wallet. */
  readonly isOpen: (wallet: string) => Promise<boolean>;
  readonly partsOf: HoldParts;
};

const reviewPause = { firstMs: 100, mostMs: 60_000 } as const;
const openPause = { firstMs: 1_000, mostMs: 300_000 } as const;

/** What becomes of withdrawals that begin now. */
export async function waysOf({ payout, reviews }: StepParts): Promise<Ways> {
  if (payout.kind !== 'none') return { withdraw: { way: payout.kind, holdSeconds: payout.timeoutSeconds } };
  const isReviewed = reviews !== undefined && (await reviews.areOn());
  return { withdraw: isReviewed ? { way: 'review', holdSeconds: reviewHoldSeconds } : { way: 'post', holdSeconds: null } };
}

/** Throws when there is no answer; then it is taken again, under the same keys. */
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
      return way === 'post' ? await post(parts.commands, request) : await hold(parts.commands, request);
    default:
  }
  // A capture that was refused had been approved, or paid: no time is up for that.
  if (status === 'awaiting_approval' && request.captures > 0) return await capture(parts.commands, claimed, parts.partsOf);
  if (isTimeUp(request, now)) return request.asked ? await askLast(parts, claimed) : timeOut();
  if (status === 'held') return await afterHold(parts, claimed);
  const next = { at: holdOf(request).timesOutAt };
  if (status === 'paying' && !parts.payer) return { status: 'awaiting_approval', outcome: 'no payer', remark: noPayer, next };
  if (status === 'paying') return request.asked ? await ask(parts, claimed) : await beforeAsking(parts, claimed);
  return { status, outcome: 'waits', ...(request.remark !== null && { remark: request.remark }), next };
}

const noPayer = 'No system that pays out is configured any more. Approve what was paid, reject what was not.';
const tooLateToAsk = 'The payer is not asked any more: there is not enough time left to pay. The amount is given back in a moment.';
const noPayerAgainMs = 3_600_000;

async function ask(parts: StepParts, claimed: Claimed): Promise<Change> {
  assert(parts.payer, 'only where there is a payer it is asked');
  return await pay(parts.payer, claimed, await parts.assetOf(claimed.request.wallet));
}

/** The time is up, and it may have been paid. Only who paid, or an operator, knows; until one of them says, nothing is given back. */
async function askLast(parts: StepParts, claimed: Claimed): Promise<Change> {
  if (parts.payer) return await ask(parts, claimed);
  return { status: 'uncertain', outcome: 'no payer', remark: `${nobodyKnows} ${noPayer}`, next: { afterMs: noPayerAgainMs } };
}

/** What a rule found stays found, whatever became of the rule; the rules are not waited for while none of them reviews. */
async function verdictOf(reviews: Reviews, hold: string): Promise<ReviewVerdict> {
  const verdict = await reviews.ofHold(hold);
  const isFound = typeof verdict === 'object' && verdict.rule !== undefined;
  return isFound || (await reviews.areOn()) ? verdict : 'clear';
}

/**
 * Nobody is asked to pay out what the ledger would not let go, what is not all held any more, or what there is no time left for. That the payer may have been asked is
 * written down before it is; from then on it may have paid, and is asked again whatever became of the wallet.
 */
async function beforeAsking({ isOpen, partsOf }: StepParts, { request, now }: Claimed): Promise<Change> {
  const { id, amount } = holdOf(request);
  if ((await partsOf(id)).left < amount)
    return { status: 'releasing', outcome: 'not all is held', next: 'now', failure: { code: 'hold_resolved', facts: { hold: id } } };
  if (now >= payBeforeOf(request))
    return { status: 'paying', outcome: 'too late to ask', remark: tooLateToAsk, next: { at: holdOf(request).timesOutAt } };
  if (await isOpen(request.wallet)) {
    const isAgain = request.remark?.startsWith(notReached) === true;
    return { status: 'paying', outcome: 'clear', next: 'now', asked: 'first', isAgain };
  }
  const afterMs = pauseMs(request.tries, openPause.firstMs, openPause.mostMs);
  return { status: 'paying', outcome: 'the wallet is not open', remark: notAskedYet, next: beforeTimeOut(request, now, afterMs) };
}

/** A review comes before everything else: nobody is asked to pay out what may be a fraud. */
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
    const remark = verdict.rule === undefined ? verdict.finding : `The rule ${verdict.rule} wants it reviewed: finding ${verdict.finding}.`;
    return { status: 'in_review', outcome: 'found', detail: remark, remark, next: { at: timesOutAt } };
  }
  switch (request.way) {
    case 'webhook':
      return { status: 'paying', outcome: 'clear', remark: notAskedYet, next: 'in turn' };
    case 'approval':
      return {
        status: 'awaiting_approval',
        outcome: 'clear',
        remark: 'An operator says whether it is paid out.',
        next: { at: timesOutAt },
      };
    default:
      return { status: 'capturing', outcome: 'clear', next: 'now' };
  }
}
