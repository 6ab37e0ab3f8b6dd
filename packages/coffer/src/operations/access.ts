/** Access to operations: the policy row of each operation of the product. */
import { dutyOfScope } from '../identity/index.ts';
import type { Duty, Scope } from '../identity/index.ts';

export type Rule = {
  /** `public`: needs no credentials. */
  readonly kind: 'public' | 'guarded';
  /** Whether a public operation counts towards the limit of requests; a health check must not use up a caller's requests. */
  readonly counted?: true;
  /**
   * In open mode. `anyone`: passes without credentials and reaches every wallet. `user`: needs credentials, because the operation is about
   * the caller. `as required`: guarded in both modes, because its effect outlives the mode.
   */
  readonly open: 'anyone' | 'user' | 'as required';
  /** The scope that an API key needs. */
  readonly service: Scope | 'never';
  /** `own`: the user's own wallets and account; everything else is not found. `any`: it belongs to no user. */
  readonly user: 'own' | 'any' | 'never';
  /** The duty of staff who may do it to any wallet. */
  readonly staff: Duty;
  /** Whether people must have proved who they are within the last ten minutes; in required mode only. */
  readonly fresh?: true;
  /** Whether staff who must have a second factor may do it before they have proved one: what it takes to get one. */
  readonly beforeFactor?: true;
};

export const unguarded: Rule = { kind: 'public', open: 'anyone', service: 'never', user: 'any', staff: 'self' };

/** `staff`: by default the duty of the scope; without a scope, it is about the caller's own account. */
export function guarded(
  service: Rule['service'],
  user: Rule['user'],
  rest: Partial<Pick<Rule, 'open' | 'staff' | 'fresh' | 'beforeFactor'>> = {},
): Rule {
  return { kind: 'guarded', open: 'anyone', service, user, staff: service === 'never' ? 'self' : dutyOfScope[service], ...rest };
}
