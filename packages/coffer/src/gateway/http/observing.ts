/** Follows each request from its first byte to its answer: its id, audit row, duration and trace. */
import type { FastifyInstance, RouteOptions } from 'fastify';
import { actorOf, anonymous, isStaff } from '../../identity/index.ts';
import type { Principal } from '../../identity/index.ts';
import { isOperationName, readsOthers, ruleOf } from '../access/index.ts';
import { hideSecrets, inRequest, requestIdOf } from '../../kernel/index.ts';
import type { Span } from '../../kernel/index.ts';
import { auditedBody } from '../observation.ts';
import type { Observation } from '../observation.ts';
import type { App, Product, Reply, Request } from './app.ts';
import { isEventStream } from './live/event-stream.ts';

export const requestIdHeader = 'x-request-id';

/** What becomes known about a request while it is processed. */
type Noted = {
  key: string | null;
  wallet: string | null;
  operations: { book: number; seq: number }[];
  span: Span | undefined;
  audited: boolean;
};

declare module 'fastify' {
  interface FastifyRequest {
    noted: Noted | null;
  }
}

/** The caller's own id for the request, or a new one. */
export function nameRequest(raw: { readonly headers: { readonly [name: string]: string | string[] | undefined } }): string {
  return requestIdOf(raw.headers[requestIdHeader]);
}

/** For the audit: a ledger operation that the request caused, with its key and wallet. */
export function noteOperation(
  request: Request,
  operation: { readonly book: number; readonly seq: number } | null,
  key: string | null,
  wallet: string | null,
): void {
  const found = noted(request);
  if (operation) found.operations.push({ book: operation.book, seq: operation.seq });
  found.key ??= key;
  found.wallet ??= wallet;
}

/** Call it before registering any other hook or route, so that requests they refuse are also followed. */
export function observeRequests(app: App, { observation = {}, log }: Product): void {
  const { metrics, traces, audit, requestLines } = observation;
  const writeLine = requestLines ? log.info.bind(log) : log.isLevelEnabled('debug') ? log.debug.bind(log) : null;
  app.decorateRequest('noted', null);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(requestIdHeader, request.id);
    if (traces) noted(request).span = traces.begin(`${request.method} ${routeOf(request)}`, request.headers['traceparent']);
    done();
  });
  app.addHook('onRoute', (route) => nameWhileHandled(route, (request, reply) => audited(request, reply, observation, null)));
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode;
    const elapsedMs = reply.elapsedTime;
    if (!isEventStream(reply)) metrics?.httpAnswered(request.method, routeOf(request), status, elapsedMs / 1_000);
    if (audit) audited(request, reply, observation, status);
    if (traces) endSpan(request, status);
    writeLine?.(
      { requestId: request.id, method: request.method, route: routeOf(request), status, elapsedMs: Math.round(elapsedMs * 10) / 10 },
      'Request',
    );
    done();
  });
}

type Left = (request: Request, reply: Reply) => void;

/**
 * Logs and calls to other services carry the id of the request being handled. The context would be lost while the body arrives,
 * so it begins here.
 */
function nameWhileHandled(route: RouteOptions, left: Left): void {
  const { handler } = route;
  const changes = [route.method].flat().some(isChange);
  route.handler = function (this: FastifyInstance, request, reply) {
    const context = { requestId: request.id, span: request.noted?.span, actor: actorOf(principalOf(request)) };
    const answer: unknown = inRequest(context, () => handler.call(this, request, reply));
    if (!changes || !(answer instanceof Promise)) return answer;
    // If the caller disconnects, the framework calls no hook; the request is recorded all the same.
    return answer.finally(() => {
      if (request.raw.socket.destroyed) return left(request, reply);
      // The connection may also end while the answer is being written.
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) left(request, reply);
      });
    });
  };
}

function isChange(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH' || method === 'DELETE';
}

/** Writes the request to the audit, once; `status` null: the caller disconnected before the answer. */
function audited(request: Request, reply: Reply, observation: Observation, status: number | null): void {
  const { audit } = observation;
  if (!audit || !isAudited(request, status)) return;
  const found = request.noted;
  if (found?.audited) return;
  if (found) found.audited = true;
  const { schema } = request.routeOptions;
  const { id } = (request.params ?? {}) as { id?: unknown };
  const key = found?.key ?? request.headers['idempotency-key'];
  const durationMs = reply.elapsedTime;
  audit.note({
    requestId: hideSecrets(request.id),
    transport: 'http',
    method: request.method,
    url: hideSecrets(request.url),
    operation: schema?.operationId ?? null,
    body: hasKnownBody(request, status) ? auditedBody(request.body, observation) : null,
    headers: keptHeaders(request),
    clientIp: request.clientIp,
    actor: actorOf(principalOf(request)),
    startedAtMs: Date.now() - durationMs,
    status,
    durationMs,
    idempotencyKey: typeof key === 'string' ? hideSecrets(key) : null,
    wallet: found?.wallet ?? (typeof id === 'string' && request.routeOptions.url?.startsWith('/wallet/:id') ? id : null),
    operations: found?.operations ?? [],
    subject: subjectOf(request),
  });
}

/** The user that a request is about, so that its row is found when the user is erased. */
function subjectOf({ routeOptions, params, body }: Request): string | null {
  const { userId } = (params ?? {}) as { userId?: unknown };
  if (typeof userId === 'string' && routeOptions.url?.startsWith('/users/:userId')) return userId.toLowerCase();
  const { email } = (body ?? {}) as { email?: unknown };
  return typeof email === 'string' ? email.toLowerCase() : null;
}

/** Anonymous on unknown paths, and if the request had no valid credential. */
function principalOf({ admission, deniedTo }: Request): Principal {
  return admission?.principal ?? deniedTo ?? anonymous;
}

/** Changes, reads by staff of other people's data, and reads that the policy denied to a known caller; too many of them are only counted. */
function isAudited(request: Request, status: number | null): boolean {
  if (isChange(request.method)) return true;
  if (request.deniedTo !== null && status !== 429) return true;
  const operation = request.routeOptions.schema?.operationId ?? '';
  return isStaff(principalOf(request)) && isOperationName(operation) && readsOthers(operation);
}

/** What a stranger sent with a refused login or sign-up is not stored: it says nothing of a customer, and may be anybody's data. */
function hasKnownBody(request: Request, status: number | null): boolean {
  if (request.body === undefined || request.body === null) return false;
  const operation = request.routeOptions.schema?.operationId ?? '';
  const isPublic = !isOperationName(operation) || ruleOf(operation).kind === 'public';
  return status === null || status < 400 || !isPublic || principalOf(request).kind !== 'anonymous';
}

/** Headers that identify the caller; credentials and unknown headers are not among them. The length is that of the body in the row. */
const kept = ['host', 'user-agent', 'content-type', 'if-match', 'origin', 'x-forwarded-for', 'traceparent'] as const;

/** Not recorded: nearly every request has it. */
const usualType = 'application/json';

function keptHeaders({ headers }: Request): string {
  const found: Record<string, string> = {};
  for (const name of kept) {
    const value = headers[name];
    if (typeof value === 'string' && value !== usualType) found[name] = value.length > 512 ? value.slice(0, 512) : value;
  }
  return hideSecrets(JSON.stringify(found));
}

function endSpan(request: Request, status: number): void {
  const span = request.noted?.span;
  if (!span) return;
  span.set('http.request.method', request.method);
  span.set('http.route', routeOf(request));
  span.set('http.response.status_code', status);
  if (request.clientIp !== null) span.set('client.address', request.clientIp);
  span.set('coffer.request_id', request.id);
  span.end(status >= 500 ? 'failed' : 'ok');
}

/** The registered path: the actual one would create a metric label per wallet. */
function routeOf(request: Request): string {
  return request.routeOptions.url ?? '(no such route)';
}

function noted(request: Request): Noted {
  request.noted ??= { key: null, wallet: null, operations: [], span: undefined, audited: false };
  return request.noted;
}
