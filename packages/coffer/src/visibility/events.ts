import { isInternalKey, isNamedId } from '../ledger/index.ts';
import type { LedgerEvent } from '../ledger/index.ts';
import type { Reader } from '../wallets/index.ts';

/** Events of a wallet that another account caused: their keys and holds belong to that account. */
const byOthers = /^(TransferCredited|CaptureCredited|SweepCredited|Reversal(Debited|Credited))$/;

/** An event as the reader may see it: never with internal keys; for a user without actors and without what belongs to others. */
export function visibleEvent(event: LedgerEvent, { onlyOwner }: Reader): LedgerEvent {
  const { key, ...rest } = event.data;
  const isShown = typeof key === 'string' && !isInternalKey(key);
  if (onlyOwner === undefined) return isShown || key === undefined ? event : { ...event, data: rest };
  const { actor: _actor, ...own } = rest;
  const data = withoutAccounts(own);
  if (!byOthers.test(event.type)) return { ...event, data: isShown ? { key, ...data } : data };
  const { hold: _hold, left: _left, expiresAt: _expiresAt, ...others } = data;
  return { ...event, data: others };
}

/** Users do not see which account of the chart was the other side. */
function withoutAccounts(data: LedgerEvent['data']): LedgerEvent['data'] {
  const isAccount = (side: unknown) => typeof side === 'string' && isNamedId(side);
  if (!isAccount(data['from']) && !isAccount(data['to'])) return data;
  return Object.fromEntries(Object.entries(data).filter(([name, value]) => !((name === 'from' || name === 'to') && isAccount(value))));
}
