// Authorisation: the policy, and the one place where both transports apply it.
export { Access, isAllowed } from './access.ts';
export type { AccessMode, Admission, Decision, Denial } from './access.ts';
export { firstOfUnknownOwner } from './owners.ts';
export type { RateLimiter } from './rate-limiter.ts';
export { isOperationName, policy, readsOthers, ruleOf } from './policy.ts';
export type { OperationName } from './policy.ts';
