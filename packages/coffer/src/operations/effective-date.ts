/**
 * Effective dates: a backdated operation changes balances of the past, so its date has bounds. It is never in the future, never before a
 * wallet that it changes was opened, and never in a closed period. Checked when the operation is prepared, against the database's clock and
 * the closing date of that moment; only operations with an effective date cost these reads.
 */
import type { Ledger, Operation } from '../ledger/index.ts';
import type { OperationRefusal, Prepared } from './outcome.ts';
import { isOnRecord, walletsOf } from './touched.ts';

/** Allows for a caller's clock that is ahead of the database's. */
const aheadMaxMs = 60_000;

/**
 * The prepared operation, or its refusal as `effective_in_future`, `effective_before_opening` or `period_closed`, which is not remembered.
 * An outcome recorded under its key is answered as always.
 */
export function dated(ledger: Ledger, prepared: Prepared): Prepared | Promise<Prepared> {
  if ('refusal' in prepared) return prepared;
  const { key, operation } = prepared;
  const effectiveAt = 'effectiveAt' in operation ? operation.effectiveAt : undefined;
  return effectiveAt ? bounded(ledger, key, operation, effectiveAt) : prepared;
}

async function bounded(ledger: Ledger, key: string, operation: Operation, effectiveAt: Date): Promise<Prepared> {
  const refusal = await refusalOf(ledger, operation, effectiveAt);
  if (!refusal || (await isOnRecord(ledger, key, operation))) return { key, operation };
  return { key, refusal };
}

async function refusalOf(ledger: Ledger, operation: Operation, effectiveAt: Date): Promise<OperationRefusal | null> {
  const { now, closedBefore } = await ledger.closings.bounds();
  const facts = { effectiveAt: effectiveAt.toISOString() };
  if (effectiveAt.getTime() > now.getTime() + aheadMaxMs)
    return { code: 'effective_in_future', facts: { ...facts, now: now.toISOString() } };
  if (closedBefore && effectiveAt < closedBefore) return { code: 'period_closed', facts: { ...facts, before: closedBefore.toISOString() } };
  for (const wallet of await walletsOf(ledger, operation)) {
    // One that is not open yet is opened by this operation, or by an earlier one of the same batch.
    const openedAt = (await ledger.read.balance(wallet))?.openedAt ?? now;
    if (effectiveAt < openedAt) return { code: 'effective_before_opening', facts: { ...facts, wallet } };
  }
  return null;
}
