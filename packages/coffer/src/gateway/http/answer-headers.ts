/** Headers of every answer, for browsers: nothing is cached, framed, guessed or run, unless a route sets a header of its own. */
import type { Tls } from '../network/index.ts';
import type { App } from './app.ts';

export const browserHeaders = {
  // Answers are about money and people.
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Browsers use https only from then on, for a year (HSTS). Not for subdomains: Coffer does not know them. */
const tlsNextTime = { 'strict-transport-security': 'max-age=31536000' } as const;

/** Call it before registering the hooks that refuse requests, so that refusals have the headers, too. */
export function hardenAnswers(app: App, tls: Tls | null): void {
  const headers = tls ? { ...browserHeaders, ...tlsNextTime } : browserHeaders;
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}
