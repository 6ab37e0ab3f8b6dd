import { isInternalKey } from '../ledger/index.ts';
import type { LedgerEvent } from '../ledger/index.ts';
import type { Reader } from '../wallets/index.ts';

/** Events of a wallet that another account caused: their keys and holds belong to that account. */
const byOthers = /^(TransferCredited|CaptureCredited|SweepCredited|Reversal(Debited|Credited))$/;

/** An event as the reader may see it: never with internal keys; for a user without actors and without what belongs to others. */
export function visibleEvent(event: LedgerEvent, { onlyOwner }: Reader): LedgerEvent {
  const { key, ...rest } = event.data;
  const isShown = typeof key === 'string' && !isInternalKey(key);
  if (onlyOwner === undefined) return isShown || key === undefined ? event : { ...event, data: rest };
  const { actor: _actor, ...data } = rest;
  if (!byOthers.test(event.type)) return { ...event, data: isShown ? { key, ...data } : data };
  const { hold: _hold, left: _left, expiresAt: _expiresAt, ...own } = data;
  return { ...event, data: own };
}
