// Says before the start what an operator should know: taken ports, who can access this Coffer, and what its users lack.
import { refuseTakenPorts } from '../gateway/network/index.ts';
import type { Listener } from '../gateway/network/index.ts';
import { isLoopback } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Config } from './config.ts';
import type { Service } from './running.ts';

/** Throws an OperatorError if another program listens where a service must. */
export async function announce(config: Config, chosen: readonly Service[], log: Log): Promise<void> {
  const listeners = chosen.flatMap((service) => listenerOf(config, service) ?? []);
  await refuseTakenPorts(listeners);
  logAccess(config, listeners, log);
  if (chosen.includes('api')) logProofs(config, log);
}

/** Logs what users who have to prove their address lack. */
function logProofs({ accounts, peers }: Config, log: Log): void {
  if (!accounts.requiresProof) return;
  if (!peers.mail)
    log.warn(
      'Users have to prove their e-mail address, and there is no mail server: set SMTP_URL and COFFER_MAIL_FROM, or print links with "coffer users link".',
    );
  else if (accounts.publicUrl === undefined)
    log.warn('E-mails carry codes instead of links: set COFFER_PUBLIC_URL to the URL at which users reach the REST API.');
}

/** Logs who can access this Coffer. */
function logAccess(config: Config, listeners: readonly Listener[], log: Log): void {
  if (config.auth === 'open') {
    log.warn(
      'OPEN MODE: no credentials are required. Everything listens on this machine only; set COFFER_AUTH=required to require credentials.',
    );
    return;
  }
  const outside = listeners.filter(({ address }) => !isLoopback(address.host)).map(({ address }) => `${address.host}:${address.port}`);
  if (outside.length > 0 && !config.tls)
    log.warn(
      { listeners: outside },
      'Passwords and tokens travel unencrypted to these listeners. Set COFFER_TLS_CERT and COFFER_TLS_KEY, or terminate TLS at a proxy in front.',
    );
}

/** The worker has none: it communicates through the database. */
function listenerOf(config: Config, service: Service): Listener | undefined {
  const listeners = {
    users: { what: 'the users service', setting: 'USER_SERVICE_URL', address: config.userService },
    wallets: { what: 'the wallets service', setting: 'WALLET_SERVICE_URL', address: config.walletService },
    api: { what: 'the REST API', setting: 'PORT', address: config.http },
  } satisfies Record<Exclude<Service, 'worker'>, Listener>;
  return service === 'worker' ? undefined : listeners[service];
}
