/** The end of a request whose hold was resolved by another operation: the ledger's record of the hold counts. */
import type { Change } from './claims.ts';
import type { RequestHold } from './types.ts';

/** The outcome of a hold. `capture`: the last one, if any. */
export type Parts = {
  readonly left: bigint;
  readonly captured: bigint;
  readonly capture: { readonly operation: string; readonly seq: number } | null;
};
export type HoldParts = (hold: string) => Promise<Parts>;

/** It may also have been a worker that died before it could record the result. */
export function resolvedByOther({ id, amount }: RequestHold, { captured, capture }: Parts): Change {
  const end = { detail: `${captured} of ${amount} on hold ${id} were captured.`, next: 'never', ...capture } as const;
  if (captured === amount) return { ...end, status: 'completed', outcome: 'found captured' };
  const facts = { hold: id, amount: String(amount), captured: String(captured), givenBack: String(amount - captured) };
  return { ...end, status: 'failed', outcome: 'hold_resolved', failure: { code: 'hold_resolved', facts } };
}
