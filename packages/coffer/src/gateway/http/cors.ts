/**
 * Cross-origin requests (CORS): which web pages of other origins may read answers. Their scripts send tokens, as any other caller does; cookies
 * are not shared with them.
 */
import type { App } from './app.ts';

/** What a script may read beside the body. */
const exposed = [
  'etag',
  'idempotency-key',
  'idempotency-replayed',
  'location',
  'preference-applied',
  'retry-after',
  'traceparent',
  'x-request-id',
].join(', ');
const allowedHeaders = 'authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, prefer, traceparent';
const allowedMethods = 'GET, POST, PUT, PATCH, DELETE';
const preflightSeconds = '600';

/** Call it before registering the hooks that refuse requests: a page must be able to read a refusal. */
export function shareWithOrigins(app: App, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const listed = new Set(origins);
  app.addHook('onRequest', (request, reply, done) => {
    const { origin, 'access-control-request-method': wanted } = request.headers;
    // Caches must keep apart the answers to different origins.
    reply.header('vary', 'Origin');
    if (origin === undefined || !listed.has(origin)) return done();
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed });
    if (request.method !== 'OPTIONS' || wanted === undefined) return done();
    reply
      .code(204)
      .headers({
        'access-control-allow-headers': allowedHeaders,
        'access-control-allow-methods': allowedMethods,
        'access-control-max-age': preflightSeconds,
      })
      .send();
  });
}
