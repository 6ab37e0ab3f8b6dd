/**
 * Authentication and authorisation: the policy's row for its operation guards every route, and the handler receives the
 * admission.
 */
import type { RouteOptions } from 'fastify';
import { isOperationName, ruleOf } from '../access/index.ts';
import type { Access, Admission, Decision, OperationName } from '../access/index.ts';
import { assert } from '../../kernel/index.ts';
import type { Principal } from '../../identity/index.ts';
import type { App, Product, Reply, Request } from './app.ts';
import { denied, ProblemError } from './problem.ts';
import { problems } from './schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The admission; null before the guard, and on paths that do not exist. */
    admission: Admission | null;
    /** A caller with a valid credential whom the guard denied; for the audit. */
    deniedTo: Principal | null;
  }
}

/** Applies to every route registered after it; a route unknown to the policy aborts the start. */
export function guardRoutes(app: App, { access }: Product): void {
  app.decorateRequest('admission', null);
  app.decorateRequest('deniedTo', null);
  const guards = new Set<unknown>();
  app.addHook('onRoute', (route) => {
    const before = [route.onRequest ?? []].flat();
    // The framework adds a HEAD route for each GET route, including its hooks.
    if (before.some((hook) => guards.has(hook))) return;
    const operation = operationOf(route);
    describeAccess(route, operation);
    const guard = guardOf(access, operation);
    guards.add(guard);
    route.onRequest = [guard, ...before];
  });
}

/** Pages and documents are hidden from the API description and have no operation name. */
function operationOf({ schema, method, url }: RouteOptions): OperationName {
  const name = schema?.operationId ?? (schema?.hide === true ? 'showPage' : '');
  assert(isOperationName(name), `${String(method)} ${url} is not an operation of the policy (gateway/access/policy.ts): add a row for it`);
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

/** Most requests are decided synchronously: in open mode without a credential, or with a credential seen a moment ago. */
function guardOf(access: Access, operation: OperationName) {
  return (request: Request, _reply: Reply, done: (refused?: Error) => void): void | Promise<void> => {
    const decision = access.admit(operation, request.headers.authorization, request.clientIp ?? '');
    // The framework waits for a returned promise, or else for the `done` callback.
    if (decision instanceof Promise) return decision.then((decided) => enter(request, decided));
    enter(request, decision);
    done();
  };
}

function enter(request: Request, decision: Decision): void {
  if ('denied' in decision) {
    request.deniedTo = decision.principal ?? null;
    throw new ProblemError(denied(decision));
  }
  request.admission = decision;
}

/** The caller admitted by the guard. */
export function callerOf(request: Request): Admission {
  assert(request.admission, 'every route has a guard');
  return request.admission;
}

/** The policy's decision on another operation within the same request; throws the problem when it is denied. */
export function admitted({ access }: Pick<Product, 'access'>, request: Request, operation: OperationName): Admission {
  const decision = access.authorize(callerOf(request).principal, operation);
  if ('denied' in decision) throw new ProblemError(denied(decision));
  return decision;
}

/** The caller's account, for routes about it: the policy admits only users and staff here. */
export function accountOf(request: Request): string {
  const { principal } = callerOf(request);
  assert('userId' in principal, 'the policy admits only callers with an account here');
  return principal.userId;
}
