/** Decides whether a request is admitted: who the caller is, what it may do, and how often. Both transports use only this. */
import { actorOf, anonymous, hasDuty, rolesWith } from '../../identity/index.ts';
import type { Authenticator, Principal } from '../../identity/index.ts';
import type { Counter } from '../../cache/index.ts';
import { choiceOf } from '../../kernel/index.ts';
import { isInRanges, networkKeyOf } from '../network/index.ts';
import { explain } from '../problems/index.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { Rule } from '../../operations/index.ts';
import { ruleOf } from './policy.ts';
import type { OperationName } from './policy.ts';

export type AccessMode = 'open' | 'required';

/** `onlyOwner`: resources of other users must look as if they did not exist. */
export type Admission = { readonly principal: Principal; readonly onlyOwner: string | undefined };
/** `principal`: the caller, if its credential is valid; for the audit. */
export type Denial = { readonly principal?: Principal } & (
  | {
      readonly denied: 'unauthenticated' | 'forbidden' | 'fresh_proof_required' | 'staff_factor_required';
      readonly detail: string;
    }
  | { readonly denied: 'too_many_requests'; readonly retryAfterSeconds: number }
);
export type Decision = Admission | Denial;

/** Tokens of another issuer may carry a user's groups. */
const credentialLengthMax = 16_384;
const bearer = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i;

const passing: Admission = { principal: anonymous, onlyOwner: undefined };

const noCredential: Denial = {
  denied: 'unauthenticated',
  detail: 'Log in first (POST /users/login) and send the token, or send an API key: Authorization: Bearer <token>.',
};
const badCredential: Denial = {
  denied: 'unauthenticated',
  detail: 'The token is not valid, or no longer valid. Log in again and send the new one: Authorization: Bearer <token>.',
};

const badAddress: Denial = {
  denied: 'forbidden',
  detail: 'The API key is not valid from this address. Send the request from one of its address ranges, which GET /keys lists.',
};

function isFrom(principal: Principal, clientIp: string): boolean {
  return principal.kind !== 'service' || principal.networks === undefined || isInRanges(clientIp, principal.networks);
}

export class Access {
  readonly mode: AccessMode;
  readonly #authenticator: Authenticator;
  readonly #requests: RateLimiter | null;
  readonly #counter: Counter | null;

  /**
   * `requestsPerMinute`: per caller; unlimited if absent. `counter`: shared by several processes; each counts alone if absent.
   */
  constructor(options: {
    readonly mode: AccessMode;
    readonly authenticator: Authenticator;
    readonly requestsPerMinute?: number | undefined;
    readonly counter?: Counter | null | undefined;
  }) {
    this.mode = options.mode;
    this.#authenticator = options.authenticator;
    this.#counter = options.counter ?? null;
    this.#requests = options.requestsPerMinute === undefined ? null : this.rateLimiter('requests', options.requestsPerMinute);
  }

  /** A limit per window, by default a minute. With a shared counter, all processes count together under one name. */
  rateLimiter(name: string, perWindow: number, windowMs?: number): RateLimiter {
    return new RateLimiter(perWindow, this.#counter && { counter: this.#counter, name }, windowMs);
  }

  /**
   * Whether a request with this Authorization header is admitted. The answer is immediate if there is no credential, or one seen
   * within the last second, unless several processes count together. Otherwise it is a promise, which rejects with
   * IdentityUnavailable on an outage.
   */
  admit(operation: OperationName, authorization: string | undefined, clientIp: string): Decision | Promise<Decision> {
    const rule = ruleOf(operation);
    if (rule.kind === 'public') return rule.counted ? this.#counted(passing, clientIp) : passing;
    if (authorization === undefined) return this.#decide(this.mode === 'open' ? anonymous : null, operation, clientIp, noCredential);
    const credential = bearer.exec(authorization)?.[1];
    if (credential === undefined || credential.length > credentialLengthMax) return this.#decide(null, operation, clientIp, badCredential);
    const known = this.#authenticator.known(credential);
    if (known) return this.#decide(known, operation, clientIp, badCredential);
    return this.#ask(credential, operation, clientIp);
  }

  /** Whether an admitted caller would still be admitted, for long-lived answers. Not counted. Throws IdentityUnavailable. */
  async reconsider(operation: OperationName, authorization: string | undefined, clientIp: string): Promise<Decision> {
    if (authorization === undefined) return this.mode === 'open' ? this.authorize(anonymous, operation) : noCredential;
    const credential = bearer.exec(authorization)?.[1] ?? '';
    const principal = await this.#authenticator.recheck(credential);
    if (!principal) return badCredential;
    return isFrom(principal, clientIp) ? this.authorize(principal, operation) : badAddress;
  }

  /** The policy's decision on a principal, for any wallet. */
  authorize(principal: Principal, operation: OperationName): Decision {
    const rule = ruleOf(operation);
    if (this.mode === 'open' && rule.open !== 'as required') {
      if (rule.open === 'user' && principal.kind === 'anonymous') return noCredential;
      if (rule.open === 'anyone' || principal.kind !== 'service') return { principal, onlyOwner: undefined };
    }
    if (principal.kind === 'anonymous') return noCredential;
    const isPermitted = isAllowed(principal, rule);
    // Users, and staff without the duty, act on what is their own.
    const isOwn = !isPermitted && 'userId' in principal && rule.user !== 'never';
    if (!isPermitted && !isOwn) return { denied: 'forbidden', detail: requirementOf(principal, rule), principal };
    const missing = this.#missingProof(principal, rule);
    if (missing) return { denied: missing, detail: proofRequirement(principal, missing), principal };
    return { principal, onlyOwner: isOwn && rule.user === 'own' ? principal.userId : undefined };
  }

  /** What a person has yet to prove; null if nothing. An API key is its own proof. */
  #missingProof(principal: Principal, rule: Rule): 'staff_factor_required' | 'fresh_proof_required' | null {
    if (!('userId' in principal)) return null;
    if (principal.limited && !rule.beforeFactor) return 'staff_factor_required';
    return rule.fresh && this.mode === 'required' && !principal.proved ? 'fresh_proof_required' : null;
  }

  /** Applies a change immediately in this process; other processes notice it within a second. */
  forget(): void {
    this.#authenticator.forget();
  }

  async #ask(credential: string, operation: OperationName, clientIp: string): Promise<Decision> {
    return await this.#decide(await this.#authenticator.authenticate(credential), operation, clientIp, badCredential);
  }

  #decide(principal: Principal | null, operation: OperationName, clientIp: string, otherwise: Denial): Decision | Promise<Decision> {
    if (!principal) return this.#counted(otherwise, clientIp);
    return this.#counted(isFrom(principal, clientIp) ? this.authorize(principal, operation) : { ...badAddress, principal }, clientIp);
  }

  #counted(decision: Decision, clientIp: string): Decision | Promise<Decision> {
    if (!this.#requests) return decision;
    const caller = 'denied' in decision || decision.principal.kind === 'anonymous' ? networkKeyOf(clientIp) : actorOf(decision.principal);
    const taken = this.#requests.take(caller);
    return taken instanceof Promise ? taken.then((seconds) => unlessSpent(decision, seconds)) : unlessSpent(decision, taken);
  }
}

/** Whether a principal may do it to any wallet, in required mode. */
export function isAllowed(principal: Exclude<Principal, { kind: 'anonymous' }>, rule: Rule): boolean {
  if (principal.kind === 'service') return rule.service !== 'never' && principal.scopes.has(rule.service);
  return hasDuty(principal.kind, rule.staff);
}

function requirementOf(principal: Principal, { service, staff, user }: Rule): string {
  if (principal.kind !== 'service')
    return `${principal.kind === 'user' ? 'Users' : `The role ${principal.kind}`} cannot do this. It needs the role ${choiceOf(rolesWith(staff))}.`;
  if (service !== 'never')
    return `The API key needs the scope \`${service}\`. An admin can create a key that has it: POST /keys, or coffer keys create.`;
  return user === 'own' ? 'Log in as a user: an API key has no account.' : 'Log in as an admin: no API key can do this.';
}

/** A token of another issuer proves what its login there proved. */
function proofRequirement(principal: Principal, missing: 'staff_factor_required' | 'fresh_proof_required'): string {
  if (!('sessionId' in principal) || principal.sessionId !== null) return explain(missing);
  return missing === 'fresh_proof_required'
    ? 'This requires a login that is not older than ten minutes. Log in at the issuer of your token again.'
    : 'Staff of this Coffer must log in with a second factor, and your token does not say so. Use one at its issuer.';
}

function unlessSpent(decision: Decision, retryAfterSeconds: number | null): Decision {
  if (retryAfterSeconds === null) return decision;
  const { principal } = decision;
  return { denied: 'too_many_requests', retryAfterSeconds, ...(principal && { principal }) };
}
