/** The steps of a request that are operations of the ledger: posted, held, captured, released. */
import { assert } from '../kernel/index.ts';
import { operationId } from '../ledger/index.ts';
import type { RefusalCode } from '../ledger/index.ts';
import type { WalletCommands, WalletOutcome } from '../wallets/index.ts';
import type { Change, Claimed } from './claims.ts';
import { pauseMs } from './pace.ts';
import { resolvedElsewhere } from './resolved.ts';
import type { HoldParts } from './resolved.ts';
import type { AsyncRequest, Content, Failure, RequestHold } from './types.ts';

/** The commands that requests are carried out with. */
export type Commands = Pick<WalletCommands, 'withdraw' | 'transfer' | 'hold' | 'capture' | 'release'>;

/** No client can send a key that begins so. */
const internal = '\u0001request';
/** A withdrawal that only waits for its review gives up after a day, like a payout by default. */
export const reviewHoldSeconds = 86_400;
/** Before another look at what is about to happen by itself. */
const againMs = { first: 250, most: 10_000 } as const;
/** Before a capture that was refused is tried again: each try is an entry of the ledger, and operators need not wait for it. */
const captureAgainMs = { first: 1_000, most: 300_000 } as const;
/** What may be otherwise in a while. */
const passingRefusals: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['wallet_frozen', 'balance_limit']);

/** The caller's own key, so that the request and the same thing asked for at once are one operation; a fresh one for a replay. */
export function keyOf({ id, key, keyGeneration }: AsyncRequest): string {
  return keyGeneration === 0 ? key : `${internal}/${id}/${keyGeneration}`;
}

/** Posts it as it would have been posted at once. */
export async function post(commands: Commands, request: AsyncRequest): Promise<Change> {
  const { type, wallet, content } = request;
  const asked = { ...termsOf(content), effectiveAt: effectiveAtOf(content), metadata: content.metadata, key: keyOf(request) };
  if (type === 'withdraw') return withdrawn(await commands.withdraw({ ...asked, wallet }));
  assert(content.to !== undefined, 'a transfer names its recipient');
  return transferred(await commands.transfer({ ...asked, from: wallet, to: content.to, mode: content.mode }), request);
}

/** A transfer that has left its sender and not arrived yet goes on by itself: it is looked at again, under the same key, until it has ended. */
function transferred(outcome: WalletOutcome, { tries }: AsyncRequest): Change {
  if (outcome.saga?.status !== 'debited') return ended(outcome);
  return { status: 'processing', outcome: 'debited', next: { afterMs: pauseMs(tries, againMs.first, againMs.most) } };
}

/** A rule that reviews withdrawals may have come into force since it was begun: nothing is on record, and it is held instead. */
function withdrawn(outcome: WalletOutcome): Change {
  const code: string | null = outcome.status === 'refused' && outcome.entry === null ? outcome.refusal.code : null;
  if (code !== 'review_required') return ended(outcome);
  return { status: 'processing', outcome: code, next: 'now', way: { way: 'review', holdSeconds: reviewHoldSeconds } };
}

/** Reserves the amount, for as long as the payout may take. */
export async function hold(commands: Commands, request: AsyncRequest): Promise<Change> {
  const { wallet, content, holdSeconds } = request;
  assert(holdSeconds !== null, 'what is held has a time');
  const asked = { ...termsOf(content), metadata: metadataOf(request), key: keyOf(request), expiresInSeconds: holdSeconds };
  const outcome = await commands.hold({ ...asked, wallet });
  if (outcome.status === 'refused') return ended(outcome);
  const { entry } = outcome;
  assert(entry.expiresAt && entry.amount !== null, 'a hold has an amount, and an end when one was asked for');
  const held: RequestHold = { id: operationId(entry), amount: entry.amount, expiresAt: entry.expiresAt };
  return { status: 'held', outcome: 'held', detail: held.id, next: 'now', hold: held };
}

/** Posts what is held. The decision was made before; only the ledger can still say no, and then nothing was captured. */
export async function capture(commands: Commands, { request, now }: Pick<Claimed, 'request' | 'now'>, partsOf: HoldParts): Promise<Change> {
  const { content, captures } = request;
  const { id, amount, expiresAt } = holdOf(request);
  const outcome = await commands.capture({
    hold: id,
    to: { system: 'cash_out' },
    final: true,
    effectiveAt: effectiveAtOf(content),
    metadata: metadataOf(request),
    key: `${stepKeyOf(request)}/capture/${captures}`,
  });
  if (outcome.status === 'posted') {
    // Of what somebody else took before, this was only the rest.
    return outcome.entry.amount === amount ? ended(outcome) : resolvedElsewhere(holdOf(request), await partsOf(id));
  }
  const { code } = outcome.refusal;
  const onRecord = recordOf(outcome);
  if (code === 'hold_expired') return { ...timeOut({ approved: 'true' }), outcome: 'refused: hold_expired', detail: onRecord.operation };
  if (code === 'hold_resolved') return resolvedElsewhere(holdOf(request), await partsOf(id));
  if (code === 'hold_not_found') return ended(outcome);
  // A frozen wallet can be unfrozen before the hold expires. The refusal has used up its key.
  const isPassing = passingRefusals.has(code);
  const remark = isPassing
    ? `The capture was refused: ${code}. It is tried again until the hold expires. Mend what it names (and approve, to have it tried at once), or reject.`
    : `The capture was refused: ${code}. Mend what it names and approve again, or reject.`;
  return {
    status: 'awaiting_approval',
    outcome: `refused: ${code}`,
    detail: onRecord.operation,
    next: isPassing ? beforeExpiry(request, now, pauseMs(request.tries, captureAgainMs.first, captureAgainMs.most)) : { at: expiresAt },
    remark,
    captures: captures + 1,
  };
}

/** Gives back what is held. When its time is up the ledger does so by itself, in a moment: then the request ends after that. */
export async function release(commands: Commands, request: AsyncRequest, partsOf: HoldParts): Promise<Change> {
  const { failure } = request;
  const held = holdOf(request);
  const outcome = await commands.release({ hold: held.id, key: `${stepKeyOf(request)}/release` });
  const code = outcome.status === 'refused' ? outcome.refusal.code : null;
  if (code !== null && code !== 'hold_expired' && code !== 'hold_resolved') return ended(outcome);
  if (outcome.status === 'refused' || outcome.entry.amount !== held.amount) {
    const parts = await partsOf(held.id);
    if (parts.left > 0n)
      return { status: 'releasing', outcome: 'expires', next: { afterMs: pauseMs(request.tries, againMs.first, againMs.most) } };
    if (code === 'hold_resolved' || parts.captured > 0n) return resolvedElsewhere(held, parts);
  }
  assert(failure, 'what is released has a reason');
  const status = failure.code === 'payout_timed_out' ? 'failed' : 'released';
  return { status, outcome: failure.code, next: 'never', failure, ...recordOf(outcome) };
}

/** Its time is up: from the moment that the release is on record, no capture can be. */
export function timeOut(facts: Failure['facts'] = {}): Change {
  return { status: 'releasing', outcome: 'payout_timed_out', next: 'now', failure: { code: 'payout_timed_out', facts } };
}

export function holdOf({ hold: held }: Pick<AsyncRequest, 'hold'>): RequestHold {
  assert(held, 'a request in this state has a hold');
  return held;
}

/** In time to notice that the hold's time is up. `now` is the database's. */
export function beforeExpiry(request: AsyncRequest, now: Date, afterMs: number): { readonly afterMs: number } {
  return { afterMs: Math.max(0, Math.min(afterMs, holdOf(request).expiresAt.getTime() - now.getTime())) };
}

/** What the ledger said is the end of it. */
function ended(outcome: WalletOutcome): Change {
  const record = recordOf(outcome);
  if (outcome.status === 'posted') return { status: 'completed', outcome: 'posted', detail: record.operation, next: 'never', ...record };
  const { code, facts } = outcome.refusal;
  const failure: Failure = { code, facts };
  return { status: 'failed', outcome: `refused: ${code}`, detail: record.operation, next: 'never', failure, ...record };
}

function recordOf({ entry, seq }: WalletOutcome): { operation?: string; seq?: number } {
  return entry ? { operation: operationId(entry), seq } : {};
}

function stepKeyOf({ id, generation }: AsyncRequest): string {
  return `${internal}/${id}/${generation}`;
}

function termsOf({ amount, upTo, asset, minimumBalance, expectedVersion }: Content) {
  return {
    amount: BigInt(amount),
    upTo,
    asset,
    expectedVersion,
    minimumBalance: minimumBalance === undefined ? undefined : BigInt(minimumBalance),
  };
}

function effectiveAtOf({ effectiveAt }: Content): Date | undefined {
  return effectiveAt === undefined ? undefined : new Date(effectiveAt);
}

/** The caller's own, and what the hold is for; the property is Coffer's, whatever the caller wrote there. */
function metadataOf({ id, content }: AsyncRequest): string {
  return JSON.stringify({ ...callersMetadata(content), coffer: { purpose: 'withdrawal', request: id } });
}

export function callersMetadata({ metadata }: Content): Record<string, unknown> {
  return metadata === undefined ? {} : (JSON.parse(metadata) as Record<string, unknown>);
}
