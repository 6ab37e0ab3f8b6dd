/** Builds the HTTP server: framework settings, strict parsing, routes, and answers to requests that match no route. */
import fastify from 'fastify';
import type { RouteOptions } from 'fastify';
import { readStrictJson } from '../../kernel/index.ts';
import { tlsLimits } from '../network/index.ts';
import { isOperationName, ruleOf } from '../access/index.ts';
import type { Tls } from '../network/index.ts';
import { browserHeaders, hardenAnswers } from './answer-headers.ts';
import type { App, Product, Reply, Request } from './app.ts';
import { nameRequest, observeRequests, requestIdHeader } from './observing.ts';
import { describeApi } from './openapi.ts';
import { problemOf } from './failures.ts';
import { guardRoutes } from './callers.ts';
import { compressAnswers } from './compression.ts';
import { shareWithOrigins } from './cors.ts';
import { trackClientAddresses } from './client-address.ts';
import { serveItsHostsOnly } from './hosts.ts';
import { allowedMethods, answerUnknownRoutes } from './unknown-routes.ts';
import { problem, ProblemError, sendProblem } from './problem.ts';
import { freshKeyHeader } from './request-content.ts';
import { namedSchemas, registerRoutes } from './routes/register.ts';
import { problems } from './schemas.ts';
import { compileOnce, defaultCompiler } from './serializers.ts';
import { answerBrokenRequest, limits } from './framing.ts';
import { isEventStream } from './live/event-stream.ts';
import { compileValidator } from './validation.ts';

/** Methods whose body is read, if there is one. */
const bodied: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Slower answers get a line in the log. */
const slowMs = 1_000;

export async function createHttpServer(product: Product, tls: Tls | null = null): Promise<App> {
  const app = frame(tls);
  hardenAnswers(app, tls);
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(compileOnce(await defaultCompiler(namedSchemas)));
  readOnlyJson(app);
  answerFailures(app, product);
  trackClientAddresses(app, product);
  observeRequests(app, product);
  shareWithOrigins(app, product.corsOrigins ?? []);
  serveItsHostsOnly(app, product.access.mode, product.corsOrigins);
  guardRoutes(app, product);
  await compressAnswers(app);
  const methods = allowedMethods(app);
  await describeApi(app, product);
  registerRoutes(app, product);
  answerUnknownRoutes(app, methods);
  await app.ready();
  return app;
}

function frame(tls: Tls | null): App {
  // A missing Host header is refused like a wrong one, with a problem document; Node's own answer would have no body.
  const parser = {
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: limits.checkMs,
    maxHeaderSize: limits.headerBytes,
    requireHostHeader: false,
  };
  const options = {
    // A child logger per request costs more than the rest of the framework; notable requests are logged below.
    logger: false,
    bodyLimit: limits.publicBodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionTimeout: limits.silenceMs,
    routerOptions: { maxParamLength: limits.headerBytes },
    requestIdHeader: false,
    genReqId: nameRequest,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (failure: Error, request: Request, reply: Reply) =>
      void sendProblem(reply.headers(browserHeaders).header(requestIdHeader, request.id), problemOf(failure)),
  } as const;
  // The routes treat both alike.
  return tls ? fastify({ ...options, https: { ...parser, ...tlsLimits, ...tls } }) : fastify({ ...options, http: parser });
}

/** Applies to every route registered after it. */
function readOnlyJson(app: App): void {
  app.addHook('onRoute', describeBodyRefusals);
  app.addHook('onRoute', admitLargerBodies);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      return done(notUnderstood('The body is compressed. Send it as it is, without Content-Encoding.'));
    if (!isUtf8Type(request.headers['content-type']))
      return done(notUnderstood('The body is in a charset other than UTF-8. Send UTF-8, with Content-Type: application/json.'));
    const read = readStrictJson(body as Buffer, 'body');
    if ('mistake' in read) return done(new ProblemError(problem('malformed_json', { said: `${read.mistake} Send one JSON object.` })));
    done(null, read.value);
  });
}

/** Applies also to routes without a body: the body is read before it is known to be too large. */
function describeBodyRefusals(route: RouteOptions): void {
  if (![route.method].flat().some((method) => bodied.has(method))) return;
  const { response } = route.schema ?? {};
  route.schema = { ...route.schema, response: { ...problems(413, 415), ...(response as object) } };
}

/** A request that needs credentials is refused before its body is read, unless it has valid ones. Unknown paths have the default. */
function admitLargerBodies(route: RouteOptions): void {
  const operation = route.schema?.operationId ?? '';
  if (isOperationName(operation) && ruleOf(operation).kind === 'guarded') route.bodyLimit ??= limits.bodyBytes;
}

/**
 * JSON is UTF-8 and has no charset parameter. But a caller that names another charset has sent other bytes, which might parse as
 * something else.
 */
function isUtf8Type(type = ''): boolean {
  if (!type.includes(';')) return true;
  return [...type.matchAll(/;\s*charset\s*=([^;]*)/gi)].every(([, charset = '']) => /^\s*"?utf-?8"?\s*$/i.test(charset));
}

function notUnderstood(said: string): ProblemError {
  return new ProblemError(problem('unsupported_media_type', { said }));
}

/** Whether the request asks to wait for a change (`wait`) instead of an immediate answer. */
function isWaiting({ query }: Request): boolean {
  return typeof query === 'object' && query !== null && 'wait' in query;
}

function answerFailures(app: App, { log }: Product): void {
  app.setErrorHandler((failure, request, reply) => {
    const found = problemOf(failure);
    if (found.status === 500)
      log.error(
        { err: failure, requestId: request.id, method: request.method, route: request.routeOptions.url },
        'Unhandled error in request',
      );
    const freshKey = reply.getHeader(freshKeyHeader);
    return sendProblem(reply, typeof freshKey === 'string' ? { ...found, requestId: freshKey } : found);
  });
  app.addHook('onResponse', (request, reply, done) => {
    // A 503 has waited for an unavailable database: that is already logged, and not once per request.
    // Live streams and requests that ask to wait are slow on purpose.
    if (reply.elapsedTime > slowMs && reply.statusCode !== 503 && !isEventStream(reply) && !isWaiting(request)) {
      log.warn(
        {
          requestId: request.id,
          method: request.method,
          route: request.routeOptions.url,
          status: reply.statusCode,
          elapsedMs: Math.round(reply.elapsedTime),
        },
        'Slow answer',
      );
    }
    done();
  });
}
