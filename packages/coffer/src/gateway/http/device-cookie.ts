/** The cookie that carries the proof of a known device. It is sent to the login only, and no script can read it. */
import type { Reply, Request } from './app.ts';

const name = 'coffer_device';
const liveSeconds = 365 * 86_400;

export function deviceProofOf({ headers }: Request): string | null {
  return new RegExp(`(?:^|;)\\s*${name}=([A-Za-z0-9._-]{1,200})\\s*(?:;|$)`).exec(headers.cookie ?? '')?.[1] ?? null;
}

export function rememberDevice(request: Request, reply: Reply, proof: string): void {
  // A caller that forges the header harms only itself.
  const isSecure = 'encrypted' in request.raw.socket || request.headers['x-forwarded-proto'] === 'https';
  const attributes = `Path=/users/login; Max-Age=${liveSeconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  void reply.header('set-cookie', `${name}=${proof}; ${attributes}`);
}
