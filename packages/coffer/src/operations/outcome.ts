/** What becomes of a request: prepared for the ledger, then posted or refused. */
import type { Operation, Outcome, Refusal } from '../ledger/index.ts';
import type { SagaState } from '../wallets/index.ts';

/** The ledger's answer with its idempotency key; for a transfer by saga, that of its first step and how far it came. */
export type OperationOutcome = Outcome & { readonly key: string; readonly saga?: SagaState };
export type RefusedOutcome = OperationOutcome & { readonly status: 'refused' };
export type PostedOutcome = OperationOutcome & { readonly status: 'posted' };

/** Ready to be posted, or refused before the ledger sees it. */
export type Prepared = { readonly key: string } & ({ readonly operation: Operation } | { readonly refusal: Refusal });

/** Refused before the ledger saw it. Nothing is remembered: what was named belongs to no account that could remember it. */
export function refusedUnseen(key: string, refusal: Refusal): RefusedOutcome {
  return { status: 'refused', replayed: false, seq: 0, refusal, entry: null, key };
}
