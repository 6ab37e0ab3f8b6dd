/**
 * Refuses what was not addressed to this server. Without credentials, being on loopback is all that keeps strangers out, and a
 * web page from anywhere gets past it by letting its own name lead to 127.0.0.1; the Host header still has that name.
 */
import { problem, ProblemError } from './problem.ts';
import type { AccessMode } from '../access/index.ts';
import type { App } from './app.ts';

const thisMachine = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * For every request, also to paths that do not exist; called before the routes are registered. Where credentials are required, the
 * server goes by whatever name it has: no page of another name has a caller's token.
 */
export function serveItsHostsOnly(app: App, mode: AccessMode): void {
  const isServed = mode === 'open' ? (host: string) => thisMachine.test(host) : () => true;
  const said =
    mode === 'open'
      ? 'Coffer serves this machine only. Send one Host header, with localhost, 127.0.0.1 or [::1], and optionally a port.'
      : 'Send one Host header.';
  app.addHook('onRequest', (request, _reply, done) => {
    const { host } = request.raw.headers;
    if (host !== undefined && isServed(host) && hasOneHost(request.raw.rawHeaders)) done();
    else done(new ProblemError(problem('misdirected_request', { said })));
  });
}

/** Of several Host headers only the first is in `headers`; whoever stands in between may have gone by another one. */
function hasOneHost(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 1;
}
