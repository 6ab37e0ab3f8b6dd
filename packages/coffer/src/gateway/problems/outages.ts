/** Maps an outage, which a context throws instead of answering, to its problem. */
import { BrokerUnavailable } from '../../events/index.ts';
import { IdentityOverloaded, IdentityUnavailable } from '../../identity/index.ts';
import { isOutage, LedgerBehind, LedgerHalted, LedgerOverloaded, LedgerUnavailable } from '../../ledger/index.ts';
import type { ProblemCode } from './table.ts';

/** `said` replaces the table's detail and remedy. */
export type Outage = { readonly code: ProblemCode; readonly said?: string };

/** Identity has no idempotency keys: the caller has to check. */
const changeUnknown =
  'The outcome is unknown: the change may have been made. Check whether it was, for example by logging in, before you send the request again.';

/** Null if it is no outage: a bug of ours, or a refusal of the transport itself. */
export function outageOf(thrown: unknown): Outage | null {
  if (thrown instanceof LedgerUnavailable) return { code: thrown.outcome === 'unknown' ? 'outcome_unknown' : 'unavailable' };
  if (thrown instanceof IdentityUnavailable)
    return thrown.outcome === 'unknown' ? { code: 'outcome_unknown', said: changeUnknown } : { code: 'unavailable' };
  if (thrown instanceof LedgerOverloaded || thrown instanceof IdentityOverloaded) return { code: 'overloaded' };
  if (thrown instanceof LedgerHalted) return { code: 'ledger_halted' };
  if (thrown instanceof LedgerBehind) return { code: 'history_lost' };
  if (thrown instanceof BrokerUnavailable) return { code: 'broker_unavailable' };
  // Only reads reach the database without being wrapped by a context.
  return isOutage(thrown) ? { code: 'unavailable' } : null;
}
