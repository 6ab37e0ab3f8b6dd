/** What the maker and the second person must each be allowed to do. */
import type pg from 'pg';
import { currentPrincipal } from '../identity/index.ts';
import type { Principal } from '../identity/index.ts';
import { requestOfText } from '../operations/index.ts';
import { policyChanges } from './types.ts';
import type { Approval } from './types.ts';

/** The access policy, for any wallet. */
export type IsAllowed = (principal: Principal, operation: string) => boolean;

export function isPolicyChange(operation: string): boolean {
  return policyChanges.some((name) => name === operation);
}

/** Names of the access policy. */
export function neededFor({ operation, input }: Approval): readonly string[] {
  if (isPolicyChange(operation)) return [operation];
  const request = requestOfText(input);
  return [
    operation,
    ...('effectiveAt' in request && request.effectiveAt !== undefined ? ['backdate'] : []),
    ...('creditLimit' in request && request.creditLimit !== 0n && request.creditLimit !== undefined ? ['setCreditLine'] : []),
  ];
}

/** Whether the maker still exists and may still do it. */
export async function mayMake(database: Pick<pg.Pool, 'query'>, approval: Approval, isAllowed: IsAllowed): Promise<boolean> {
  const maker = await currentPrincipal(database, approval.maker);
  return maker !== null && neededFor(approval).every((operation) => isAllowed(maker, operation));
}
