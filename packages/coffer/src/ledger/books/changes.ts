/** Announces which wallets a posting changed, so that cached reads of them can be dropped: after the commit and before the answer. */
import { LedgerUnavailable } from '../posting/outages.ts';
import { isSystemAccountId } from '../rules/accounts.ts';
import { initiatorId } from '../rules/prepared.ts';
import type { AccountRef, Operation, Outcome } from '../rules/types.ts';

/** Reads of the wallet now include everything up to `seq`; Infinity when the outcome is unknown. */
export type ChangedWallet = { readonly id: string; readonly seq: number };

/** Answers wait for it. It never fails. */
export type ChangeListener = (wallets: readonly ChangedWallet[]) => Promise<void> | void;

/** A retry is announced like the first attempt, whose process may have died before its announcement. */
export async function announcingChanges(
  posting: Promise<Outcome[]>,
  operations: readonly Operation[],
  announce: ChangeListener,
): Promise<Outcome[]> {
  let outcomes: Outcome[];
  try {
    outcomes = await posting;
  } catch (failure) {
    if (failure instanceof LedgerUnavailable && failure.outcome === 'unknown') await announce(operations.flatMap(walletsNamed));
    throw failure;
  }
  const changed = outcomes.flatMap(walletsChanged);
  const announced = changed.length === 0 ? undefined : announce(changed);
  if (announced) await announced;
  return outcomes;
}

function walletsChanged(outcome: Outcome): ChangedWallet[] {
  if (outcome.status === 'refused') return [];
  const { debit, credit } = outcome.entry;
  return [debit, credit].flatMap((side) => (side?.kind === 'wallet' ? [{ id: side.id, seq: outcome.seq }] : []));
}

/** The wallets that an operation itself names. The other side of a reversal is not known here. */
function walletsNamed(operation: Operation): ChangedWallet[] {
  const references: (AccountRef | undefined)[] = [
    'debit' in operation ? operation.debit : undefined,
    'credit' in operation ? operation.credit : undefined,
    'sweepTo' in operation ? operation.sweepTo : undefined,
  ];
  const ids = [
    initiatorId(operation),
    ...references.flatMap((reference) => (reference && 'wallet' in reference ? [reference.wallet] : [])),
  ];
  return ids.filter((id) => !isSystemAccountId(id)).map((id) => ({ id, seq: Number.POSITIVE_INFINITY }));
}
