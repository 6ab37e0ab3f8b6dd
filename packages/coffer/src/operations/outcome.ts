/** The stages of a request: prepared for the ledger, then posted or refused. */
import type { Operation, Outcome, Refusal, RefusalCode } from '../ledger/index.ts';
import type { SagaState } from '../wallets/index.ts';

/** Refusals before the request reaches the ledger, which never decides these. */
export type OwnRefusalCode =
  | 'saga_not_linkable'
  | 'review_required'
  | 'payout_required'
  | 'approval_required'
  | 'approval_closed'
  | 'effective_in_future'
  | 'effective_before_opening'
  | 'period_closed';
export type OperationRefusalCode = RefusalCode | OwnRefusalCode;
export type OperationRefusal = { readonly code: OperationRefusalCode; readonly facts: Refusal['facts'] };

/** The ledger's answer with its idempotency key; for a transfer by saga, the outcome of its first step and its progress. */
export type OperationOutcome = PostedOutcome | RefusedOutcome;
type Answered = { readonly key: string; readonly saga?: SagaState };
export type PostedOutcome = Extract<Outcome, { status: 'posted' }> & Answered;
export type RefusedOutcome = Omit<Extract<Outcome, { status: 'refused' }>, 'refusal'> & { readonly refusal: OperationRefusal } & Answered;

/** Ready to be posted, or refused before it reaches the ledger. */
export type Prepared = { readonly key: string } & ({ readonly operation: Operation } | { readonly refusal: OperationRefusal });

/** A preparation that ended in a refusal. */
export type RefusedEarly = Extract<Prepared, { refusal: OperationRefusal }>;

/** Refused before it reached the ledger. Not remembered: the request names no account that could remember it. */
export function refusedUnseen(key: string, refusal: OperationRefusal): RefusedOutcome {
  return { status: 'refused', replayed: false, seq: 0, refusal, entry: null, key };
}
