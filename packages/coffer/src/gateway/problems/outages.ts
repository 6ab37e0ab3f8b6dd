/** Which problem an outage is: whatever a context throws instead of an answer. */
import { BrokerUnavailable } from '../../events/index.ts';
import { IdentityOverloaded, IdentityUnavailable } from '../../identity/index.ts';
import { isOutage, LedgerHalted, LedgerOverloaded, LedgerUnavailable } from '../../ledger/index.ts';
import type { ProblemCode } from './table.ts';

/** `said` takes the place of the table's sentences. */
export type Outage = { readonly code: ProblemCode; readonly said?: string };

/** Identity keeps no keys: the caller has to look. */
const changeUnknown =
  'The outcome is unknown: the change may have been made. Check whether it was (log in, or GET /users/me) before you send the request again.';

/** Null for what is no outage: a bug of ours, or a refusal of the transport's own. */
export function outageOf(thrown: unknown): Outage | null {
  if (thrown instanceof LedgerUnavailable) return { code: thrown.outcome === 'unknown' ? 'outcome_unknown' : 'unavailable' };
  if (thrown instanceof IdentityUnavailable)
    return thrown.outcome === 'unknown' ? { code: 'outcome_unknown', said: changeUnknown } : { code: 'unavailable' };
  if (thrown instanceof LedgerOverloaded || thrown instanceof IdentityOverloaded) return { code: 'overloaded' };
  if (thrown instanceof LedgerHalted) return { code: 'ledger_halted' };
  if (thrown instanceof BrokerUnavailable) return { code: 'broker_unavailable' };
  // Only reads reach the database without a context's own wrapping.
  return isOutage(thrown) ? { code: 'unavailable' } : null;
}
