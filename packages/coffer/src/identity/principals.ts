/** Principals: the callers of requests. */
import type { Scope } from './scopes.ts';
import type { Role } from './types.ts';

export type Principal =
  /** In open mode only: no credentials were required. */
  | { readonly kind: 'anonymous' }
  /** A user who logged in; the kind is the user's role at the time of the look-up. */
  | {
      readonly kind: Role;
      readonly userId: string;
      /** The session of the token; null for a token of another issuer. */
      readonly sessionId: string | null;
      /** Whether the user proved who they are within the last ten minutes. */
      readonly proved?: boolean;
      /** Whether it may only enrol or prove a second factor: staff who must have one, and have not proved it. */
      readonly limited?: boolean;
    }
  | {
      readonly kind: 'service';
      readonly keyId: string;
      readonly name: string;
      readonly scopes: ReadonlySet<Scope>;
      /** Where its requests may come from, in CIDR notation; anywhere if absent. */
      readonly networks?: readonly string[];
    };

export const anonymous: Principal = { kind: 'anonymous' };

/** Whether the caller may send money to the outside without a payout decision: staff, and keys that have the scope. */
export function paysOutDirectly(principal: Principal): boolean {
  if (principal.kind === 'service') return principal.scopes.has('money:withdraw:direct');
  return principal.kind === 'operator' || principal.kind === 'admin';
}

/** For logs and audit rows: `user:<id>`, `operator:<id>` (admins too), `key:<id>`, `anonymous`. */
export function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case 'anonymous':
      return 'anonymous';
    case 'service':
      return `key:${principal.keyId}`;
    case 'user':
      return `user:${principal.userId}`;
    case 'operator':
    case 'admin':
      return `operator:${principal.userId}`;
  }
}
