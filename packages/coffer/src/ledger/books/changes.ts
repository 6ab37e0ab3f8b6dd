/** Tells which wallets a posting changed, to whoever keeps what was read of them: when it is committed, and before it is answered. */
import { LedgerUnavailable } from '../posting/outages.ts';
import { isSystemAccountId } from '../rules/accounts.ts';
import { initiatorId } from '../rules/asked.ts';
import type { AccountRef, Operation, Outcome } from '../rules/types.ts';

/** Everything up to `seq` is in what is read of the wallet now; Infinity where the outcome is unknown. */
export type ChangedWallet = { readonly id: string; readonly seq: number };

/** The answers wait for it. It never fails. */
export type ChangeListener = (wallets: readonly ChangedWallet[]) => Promise<void> | void;

/** A retry is told like the first time: whoever posted it may have died before telling. */
export async function tellingChanges(
  posting: Promise<Outcome[]>,
  operations: readonly Operation[],
  tell: ChangeListener,
): Promise<Outcome[]> {
  let outcomes: Outcome[];
  try {
    outcomes = await posting;
  } catch (failure) {
    if (failure instanceof LedgerUnavailable && failure.outcome === 'unknown') await tell(operations.flatMap(walletsNamed));
    throw failure;
  }
  const changed = outcomes.flatMap(walletsChanged);
  const told = changed.length === 0 ? undefined : tell(changed);
  if (told) await told;
  return outcomes;
}

function walletsChanged(outcome: Outcome): ChangedWallet[] {
  if (outcome.status === 'refused') return [];
  const { debit, credit } = outcome.entry;
  return [debit, credit].flatMap((side) => (side?.kind === 'wallet' ? [{ id: side.id, seq: outcome.seq }] : []));
}

/** What an operation alone says. The other side of what is reversed is not known here. */
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
