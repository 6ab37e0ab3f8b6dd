/** The steps of a request that are ledger operations: post, hold, capture, release. */
import { assert } from '../kernel/index.ts';
import { internalKey, operationId } from '../ledger/index.ts';
import { withNote } from '../metadata/index.ts';
import type { Commands, OperationOutcome } from '../operations/index.ts';
import type { Change, Claimed } from './claims.ts';
import { beforeTimeOut, holdOf, isTimeUp } from './deadlines.ts';
import { pauseMs } from './pace.ts';
import { resolvedByOther } from './resolved.ts';
import type { HoldParts } from './resolved.ts';
import type { AsyncRequest, Content, Failure } from './types.ts';

/** The commands that carry out requests. */
export type RequestCommands = Pick<Commands, 'withdraw' | 'transfer' | 'hold' | 'capture' | 'release'>;

/** A withdrawal that only waits for its review times out after a day, like a payout by default. */
export const reviewHoldSeconds = 86_400;
/** The pause before checking again something that continues automatically. */
const againMs = { first: 250, most: 10_000 } as const;
/** The pause before a refused capture is retried: each try is a ledger entry, and operators need not wait for it. */
const captureAgainMs = { first: 1_000, most: 300_000, mostWhenTimeIsUp: 3_600_000 } as const;

/** The caller's own key, so that the request and the same synchronous operation are one; a new key for a replay. */
export function keyOf({ id, key, keyGeneration }: AsyncRequest): string {
  return keyGeneration === 0 ? key : internalKey('request', id, keyGeneration);
}

/** Posts it as a synchronous request would. */
export async function post(commands: RequestCommands, request: AsyncRequest): Promise<Change> {
  const { type, wallet, content } = request;
  const terms = {
    ...termsOf(request),
    effectiveAt: effectiveAtOf(content),
    metadata: content.metadata,
    key: keyOf(request),
    clearance: 'direct',
  } as const;
  if (type === 'withdraw') return withdrawn(await commands.withdraw({ ...terms, wallet }));
  assert(content.to !== undefined, 'a transfer names its recipient');
  return transferred(await commands.transfer({ ...terms, from: wallet, to: content.to, mode: content.mode }), request);
}

/**
 * A transfer that has left its sender and not yet arrived continues automatically: it is checked again, under the same key, until
 * it has ended.
 */
function transferred(outcome: OperationOutcome, { tries }: AsyncRequest): Change {
  if (outcome.saga?.status !== 'debited') return ended(outcome);
  return { status: 'processing', outcome: 'debited', next: { afterMs: pauseMs(tries, againMs.first, againMs.most) } };
}

/** A rule that reviews withdrawals may have come into force since it started: nothing is recorded yet, and it is held instead. */
function withdrawn(outcome: OperationOutcome): Change {
  const code: string | null = outcome.status === 'refused' && outcome.entry === null ? outcome.refusal.code : null;
  if (code !== 'review_required') return ended(outcome);
  return { status: 'processing', outcome: code, next: 'now', way: { way: 'review', holdSeconds: reviewHoldSeconds } };
}

/**
 * Reserves the amount, without an expiry: a hold that expires in the ledger could be released after the payout was made, while no
 * worker is running. The deadline belongs to the request.
 */
export async function hold(commands: RequestCommands, { request, now }: Pick<Claimed, 'request' | 'now'>): Promise<Change> {
  const { wallet, holdSeconds } = request;
  assert(holdSeconds !== null, 'a held request has a deadline');
  const terms = { ...termsOf(request), wallet, metadata: metadataOf(request), key: keyOf(request) };
  const first = await commands.hold(terms);
  // It may have been held before holds of requests had no expiry, without the worker recording that: then the ledger's record
  // counts.
  const isReused = first.status === 'refused' && first.refusal.code === 'idempotency_key_reused';
  const outcome = isReused ? await commands.hold({ ...terms, expiresInSeconds: holdSeconds }) : first;
  if (outcome.status === 'refused') return ended(outcome);
  const { entry } = outcome;
  assert(entry.amount !== null, 'a hold has an amount');
  const id = operationId(entry);
  // The log may be ahead of the clock.
  const timesOutAt = new Date(Math.min(entry.recordedAt.getTime(), now.getTime()) + holdSeconds * 1_000);
  return { status: 'held', outcome: 'held', detail: id, next: 'now', hold: { id, amount: entry.amount, timesOutAt } };
}

/** Captures the hold. The decision was made before; only the ledger can still refuse, and then nothing was captured. */
export async function capture(
  commands: RequestCommands,
  { request, now }: Pick<Claimed, 'request' | 'now'>,
  partsOf: HoldParts,
): Promise<Change> {
  const { content, captures } = request;
  const { id, amount } = holdOf(request);
  const outcome = await commands.capture({
    hold: id,
    to: { system: 'cash_out' },
    final: true,
    effectiveAt: effectiveAtOf(content),
    metadata: metadataOf(request),
    key: `${stepKeyOf(request)}/capture/${captures}`,
    actor: actorOf(request),
    approver: request.approver ?? undefined,
    clearance: 'decided',
  });
  if (outcome.status === 'posted') {
    // Another operation had captured a part; this was only the rest.
    return outcome.entry.amount === amount ? ended(outcome) : resolvedByOther(holdOf(request), await partsOf(id));
  }
  const { code } = outcome.refusal;
  const onRecord = recordOf(outcome);
  // Only for holds from before holds of requests had no expiry.
  if (code === 'hold_expired') return { ...timeOut({ approved: 'true' }), outcome: 'refused: hold_expired', detail: onRecord.operation };
  if (code === 'hold_resolved') return resolvedByOther(holdOf(request), await partsOf(id));
  if (code === 'hold_not_found') return ended(outcome);
  // A paid amount stays held until it can be captured: a frozen wallet can be unfrozen. The refusal has used up its key.
  const mostMs = isTimeUp(request, now) ? captureAgainMs.mostWhenTimeIsUp : captureAgainMs.most;
  return {
    status: 'awaiting_approval',
    outcome: `refused: ${code}`,
    detail: onRecord.operation,
    next: beforeTimeOut(request, now, pauseMs(request.tries, captureAgainMs.first, mostMs)),
    remark: `The capture was refused: ${code}. It is retried regularly. Fix the cause (and approve, to retry immediately), or reject.`,
    captures: captures + 1,
  };
}

/** Releases the hold. An older hold may be about to expire in the ledger: then the request ends after that. */
export async function release(commands: RequestCommands, request: AsyncRequest, partsOf: HoldParts): Promise<Change> {
  const { failure } = request;
  const held = holdOf(request);
  const outcome = await commands.release({ hold: held.id, key: `${stepKeyOf(request)}/release`, actor: actorOf(request) });
  const code = outcome.status === 'refused' ? outcome.refusal.code : null;
  if (code !== null && code !== 'hold_expired' && code !== 'hold_resolved') return ended(outcome);
  if (outcome.status === 'refused' || outcome.entry.amount !== held.amount) {
    const parts = await partsOf(held.id);
    if (parts.left > 0n)
      return { status: 'releasing', outcome: 'expires', next: { afterMs: pauseMs(request.tries, againMs.first, againMs.most) } };
    if (code === 'hold_resolved' || failure?.code === 'hold_resolved' || parts.captured > 0n) return resolvedByOther(held, parts);
  }
  assert(failure, 'a release has a reason');
  const status = failure.code === 'payout_timed_out' ? 'failed' : 'released';
  return { status, outcome: failure.code, next: 'never', failure, ...recordOf(outcome) };
}

/** The time is up, and it is known that it was not paid: once the release is recorded, no capture is possible. */
export function timeOut(facts: Failure['facts'] = {}): Change {
  return { status: 'releasing', outcome: 'payout_timed_out', next: 'now', failure: { code: 'payout_timed_out', facts } };
}

/** The end of a request, from the ledger's outcome. */
function ended(outcome: OperationOutcome): Change {
  const record = recordOf(outcome);
  if (outcome.status === 'posted') return { status: 'completed', outcome: 'posted', detail: record.operation, next: 'never', ...record };
  const { code, facts } = outcome.refusal;
  const failure: Failure = { code, facts };
  return { status: 'failed', outcome: `refused: ${code}`, detail: record.operation, next: 'never', failure, ...record };
}

function recordOf({ entry, seq }: OperationOutcome): { operation?: string; seq?: number } {
  return entry ? { operation: operationId(entry), seq } : {};
}

function stepKeyOf({ id, generation }: AsyncRequest): string {
  return internalKey('request', id, generation);
}

function termsOf(request: AsyncRequest) {
  const { amount, upTo, asset, minimumBalance, expectedVersion } = request.content;
  return {
    actor: actorOf(request),
    approver: request.approver ?? undefined,
    amount: BigInt(amount),
    upTo,
    asset,
    expectedVersion,
    minimumBalance: minimumBalance === undefined ? undefined : BigInt(minimumBalance),
  };
}

function actorOf({ actor }: AsyncRequest): string | undefined {
  return actor ?? undefined;
}

function effectiveAtOf({ effectiveAt }: Content): Date | undefined {
  return effectiveAt === undefined ? undefined : new Date(effectiveAt);
}

/** The caller's metadata, plus the purpose of the hold, under a name that callers cannot use. */
function metadataOf({ id, content }: AsyncRequest): string {
  return withNote(content.metadata, { purpose: 'withdrawal', request: id });
}
