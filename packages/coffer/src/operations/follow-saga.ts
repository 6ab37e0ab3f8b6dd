/** Stays with a transfer by saga for the caller who asked for it: until its end, or as long as a caller can be kept waiting. */
import type { Ledger, Outcome, RecordedEntry } from '../ledger/index.ts';
import { drive, isAway, refusalIn, stateOf } from '../wallets/index.ts';
import type { SagaState } from '../wallets/index.ts';
import type { OperationOutcome } from './outcome.ts';

/** Half of what a posting may wait for a book that is away: the caller is told where the transfer stands while the connection still does. */
const answerWithinMs = 5_000;

const underWay: SagaState = { status: 'debited', credit: null, end: null };

/**
 * The outcome of a whole transfer, when the outcome is that of a first step; any other stays as it is. A transfer that came back is answered
 * as the refusal that it was. One whose other book does not answer is `debited`: never a failure, for it goes on.
 */
export async function followed(ledger: Ledger, outcome: OperationOutcome): Promise<OperationOutcome> {
  if (outcome.status !== 'posted' || outcome.entry.kind !== 'transfer_debit') return outcome;
  const saga = await withinPatience(endOf(ledger, outcome.entry, outcome));
  const refusal = refusalIn(saga);
  if (!refusal) return { ...outcome, saga };
  return { ...outcome, status: 'refused', refusal, saga };
}

/** What is asked for again has mostly ended long ago: reading that is cheaper than posting it once more. */
async function endOf(ledger: Ledger, debit: RecordedEntry, { replayed }: Outcome): Promise<SagaState> {
  try {
    const state = replayed ? await stateOf(ledger, debit) : underWay;
    return state.end ? state : await drive(ledger, debit);
  } catch (failure) {
    if (isAway(failure)) return underWay;
    throw failure;
  }
}

/** What takes longer goes on by itself. */
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
