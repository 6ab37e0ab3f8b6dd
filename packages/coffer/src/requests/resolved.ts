/** The end of a request whose hold was resolved by another hand: what the ledger has on record of the hold counts, whoever did it. */
import type { Change } from './claims.ts';
import type { RequestHold } from './types.ts';

/** What became of a hold. `capture`: the last, if there is one. */
export type Parts = {
  readonly left: bigint;
  readonly captured: bigint;
  readonly capture: { readonly operation: string; readonly seq: number } | null;
};
export type HoldParts = (hold: string) => Promise<Parts>;

/** It may have been a worker's own hand, too, that died before it could write it down. */
export function resolvedElsewhere({ id, amount }: RequestHold, { captured, capture }: Parts): Change {
  const end = { detail: `Of hold ${id} ${captured} of ${amount} were captured.`, next: 'never', ...capture } as const;
  if (captured === amount) return { ...end, status: 'completed', outcome: 'found captured' };
  const facts = { hold: id, amount: String(amount), captured: String(captured), givenBack: String(amount - captured) };
  return { ...end, status: 'failed', outcome: 'hold_resolved', failure: { code: 'hold_resolved', facts } };
}
