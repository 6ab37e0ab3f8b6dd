/** The cookie that carries the proof of a known device. No script can read it, and under https no other host can set it. */
import type { Reply, Request } from './app.ts';

const name = 'coffer_device';
const liveSeconds = 365 * 86_400;

export function deviceProofOf(request: Request): string | null {
  const pattern = new RegExp(`(?:^|;)\\s*${nameFor(request)}=([A-Za-z0-9._-]{1,200})\\s*(?:;|$)`);
  return pattern.exec(request.headers.cookie ?? '')?.[1] ?? null;
}

export function rememberDevice(request: Request, reply: Reply, proof: string): void {
  // Browsers accept the prefix only with Secure and the path of the whole host.
  const attributes = isSecure(request) ? 'Path=/; Secure' : 'Path=/users/login';
  void reply.header('set-cookie', `${nameFor(request)}=${proof}; ${attributes}; Max-Age=${liveSeconds}; HttpOnly; SameSite=Strict`);
}

function nameFor(request: Request): string {
  return isSecure(request) ? `__Host-${name}` : name;
}

/** A caller that forges the header harms only itself. */
function isSecure({ raw }: Request): boolean {
  return 'encrypted' in raw.socket || raw.headers['x-forwarded-proto'] === 'https';
}
