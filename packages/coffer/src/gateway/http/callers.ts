/** Who asks: every route is guarded by the policy's row for its operation, and its handler is told who passed. */
import type { RouteOptions } from 'fastify';
import { isOperationName, ruleOf } from '../access/index.ts';
import type { Access, Admission, Decision, OperationName } from '../access/index.ts';
import { assert } from '../../kernel/index.ts';
import type { App, Product, Reply, Request } from './app.ts';
import { denied, forbidden, malformed, ProblemError } from './problem.ts';
import { problems } from './schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who passed; null before the guard, and on paths that do not exist. */
    admission: Admission | null;
  }
}

/** For every route from now on; one that the policy does not know ends the start. */
export function guardRoutes(app: App, { access }: Product): void {
  app.decorateRequest('admission', null);
  const guards = new Set<unknown>();
  app.addHook('onRoute', (route) => {
    const before = [route.onRequest ?? []].flat();
    // The framework makes a HEAD route of each GET route, hooks included.
    if (before.some((hook) => guards.has(hook))) return;
    const operation = operationOf(route);
    describeAccess(route, operation);
    const guard = guardOf(access, operation);
    guards.add(guard);
    route.onRequest = [guard, ...before];
  });
}

/** Pages and documents are hidden from the API's description and have no name of their own. */
function operationOf({ schema, method, url }: RouteOptions): OperationName {
  const name = schema?.operationId ?? (schema?.hide === true ? 'showPage' : '');
  assert(isOperationName(name), `${String(method)} ${url} is no operation of the policy (server/gateway/access/policy.ts): give it a row`);
  return name;
}

function describeAccess(route: RouteOptions, operation: OperationName): void {
  const { kind, open } = ruleOf(operation);
  if (kind === 'public') {
    route.schema = { ...route.schema, security: [] };
    return;
  }
  const { response } = route.schema ?? {};
  route.schema = {
    ...route.schema,
    security: open === 'anyone' ? [{}, { bearer: [] }] : [{ bearer: [] }],
    response: { ...problems(401, 403, 429), ...(response as object) },
  };
}

/** Most requests in open mode bring no credential and go on at once; so do those whose credential was seen a moment ago. */
function guardOf(access: Access, operation: OperationName) {
  return (request: Request, _reply: Reply, done: (refused?: Error) => void): void | Promise<void> => {
    const decision = access.admit(operation, request.headers.authorization, access.limited ? (request.clientIp ?? '') : '');
    // The framework waits for the promise of those that have one, and for the call of the others.
    if (decision instanceof Promise) return decision.then((decided) => enter(request, decided));
    enter(request, decision);
    done();
  };
}

function enter(request: Request, decision: Decision): void {
  if ('denied' in decision) throw new ProblemError(denied(decision));
  request.admission = decision;
}

/** Who passed the guard. */
export function callerOf(request: Request): Admission {
  assert(request.admission, 'every route has a guard');
  return request.admission;
}

/** The policy's word on a further operation that a request asks for within its own; throws the problem when it is denied. */
export function admitted({ access }: Pick<Product, 'access'>, request: Request, operation: OperationName): Admission {
  const decision = access.authorize(callerOf(request).principal, operation);
  if ('denied' in decision) throw new ProblemError(denied(decision));
  return decision;
}

/** The account of whoever asks, for routes that are about it: the policy lets only users and staff come here. */
export function accountOf(request: Request): string {
  const { principal } = callerOf(request);
  assert('userId' in principal, 'the policy admits nobody here who has no account');
  return principal.userId;
}

/**
 * Whose wallets a request is about. Users ask about their own; services and staff may name anybody, in the field that is called
 * `field`. A user who names somebody else gets the same answer whether or not there is such a user.
 */
export function ownerOf(request: Request, named: string | undefined, field: string): string {
  return ownerFor(callerOf(request), named, field);
}

export function ownerFor({ principal, onlyOwner }: Admission, named: string | undefined, field: string): string {
  const owner = named?.toLowerCase();
  if (onlyOwner !== undefined && owner !== undefined && owner !== onlyOwner)
    throw new ProblemError(forbidden(`Users reach their own wallets only. Omit ${field}.`));
  if (owner !== undefined) return owner;
  if ('userId' in principal) return principal.userId;
  throw new ProblemError(malformed(`Name the owner of the wallets: send the user's id as ${field}.`));
}
