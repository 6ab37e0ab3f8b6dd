/** Follows a transfer by saga for the caller who requested it: until its end, or for as long as a caller can be kept waiting. */
import { isLedgerOutage } from '../ledger/index.ts';
import type { Ledger, Outcome, RecordedEntry } from '../ledger/index.ts';
import { drive, refusalIn, stateOf } from '../wallets/index.ts';
import type { SagaState } from '../wallets/index.ts';
import type { OperationOutcome } from './outcome.ts';

/** Half of a posting's deadline for an unavailable book: the caller gets the transfer's state while the connection is still open. */
const answerWithinMs = 5_000;

const underWay: SagaState = { status: 'debited', credit: null, end: null };

/**
 * The outcome of the whole transfer, for the outcome of a first step; returns any other outcome unchanged. A returned transfer is answered
 * with its refusal. A transfer whose other book does not answer is `debited`: never a failure, because it continues.
 */
export async function followed(ledger: Ledger, outcome: OperationOutcome): Promise<OperationOutcome> {
  if (outcome.status !== 'posted' || outcome.entry.kind !== 'transfer_debit') return outcome;
  const saga = await withinPatience(endOf(ledger, outcome.entry, outcome));
  const refusal = refusalIn(saga);
  if (!refusal) return { ...outcome, saga };
  return { ...outcome, status: 'refused', refusal, saga };
}

/** A repeated request mostly finds an ended transfer: a read is cheaper than posting the step again. */
async function endOf(ledger: Ledger, debit: RecordedEntry, { replayed }: Outcome): Promise<SagaState> {
  try {
    const state = replayed ? await stateOf(ledger, debit) : underWay;
    return state.end ? state : await drive(ledger, debit);
  } catch (failure) {
    if (isLedgerOutage(failure)) return underWay;
    throw failure;
  }
}

/** A transfer that takes longer continues in the background. */
async function withinPatience(state: Promise<SagaState>): Promise<SagaState> {
  const { promise: late, resolve } = Promise.withResolvers<SagaState>();
  const timer = setTimeout(() => resolve(underWay), answerWithinMs).unref();
  state.catch(() => undefined);
  try {
    return await Promise.race([state, late]);
  } finally {
    clearTimeout(timer);
  }
}
