/**
 * Refuses requests not addressed to this server. Without credentials, only the loopback address keeps strangers out, and any web
 * page can bypass that by making its own domain resolve to 127.0.0.1 (DNS rebinding); its Host header still carries that domain.
 */
import { forbidden, problem, ProblemError } from './problem.ts';
import type { AccessMode } from '../access/index.ts';
import type { App } from './app.ts';

const thisMachine = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Applies to every request, also to unknown paths; call it before registering the routes. If credentials are required, any host
 * name is accepted: a page of another domain has no caller's token.
 */
export function serveItsHostsOnly(app: App, mode: AccessMode, corsOrigins: readonly string[] = []): void {
  const isServed = mode === 'open' ? (host: string) => thisMachine.test(host) : () => true;
  const said =
    mode === 'open'
      ? 'Coffer serves this machine only. Send one Host header, with localhost, 127.0.0.1 or [::1], and optionally a port.'
      : 'Send one Host header.';
  app.addHook('onRequest', (request, _reply, done) => {
    const { host, origin } = request.raw.headers;
    if (mode === 'open' && origin !== undefined && !isOfThisMachine(origin) && !corsOrigins.includes(origin))
      done(new ProblemError(forbidden(foreignPage)));
    else if (host !== undefined && isServed(host) && hasOneHost(request.raw.rawHeaders)) done();
    else done(new ProblemError(problem('misdirected_request', { said })));
  });
}

const foreignPage = 'In open mode Coffer serves pages of this machine only, and the Origin of this request is another one.';

/**
 * A page of any site can send a form or an empty POST to 127.0.0.1, with that as Host, although it cannot read the answer; browsers name
 * the page in Origin.
 */
function isOfThisMachine(origin: string): boolean {
  return /^https?:\/\//.test(origin) && thisMachine.test(origin.replace(/^https?:\/\//, ''));
}

/** If there are several Host headers, `headers` has only the first; a proxy in between may have used another one. */
function hasOneHost(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 1;
}
