/**
 * URLs of the servers that Coffer connects to, with one rule for all of them. To another machine, a password that everybody knows is
 * refused, and a connection without TLS, or without a password where others may connect too, is warned of. On this machine both are fine.
 */
import { isLoopback } from './parsers.ts';
import type { Parsed, Parser } from './settings.ts';

/** Defaults of the servers, and what examples and compose files use. A user's own name as password counts too. */
const wellKnownPasswords: ReadonlySet<string> = new Set(
  'guest postgres admin root user redis rabbitmq coffer password passw0rd changeme change_me secret test example 1234 12345 123456 12345678'.split(
    ' ',
  ),
);

/** Tells how each kind of server encrypts, by the scheme of its URL. */
const kinds: Readonly<Record<string, { readonly isEncrypted: (url: URL) => boolean; readonly remedy: string }>> = {
  'amqp:': { isEncrypted: () => false, remedy: 'use amqps:' },
  'redis:': { isEncrypted: () => false, remedy: 'use rediss:' },
  'smtp:': { isEncrypted: (url) => isOn(url, 'requireTLS'), remedy: 'use smtps:, or add ?requireTLS=true' },
  'postgres:': { isEncrypted: isPostgresEncrypted, remedy: 'add ?sslmode=verify-full' },
  'postgresql:': { isEncrypted: isPostgresEncrypted, remedy: 'add ?sslmode=verify-full' },
};

/** `example` also appears in the error message. */
export function peerUrl(schemes: readonly string[], example: string): Parser<string> {
  return {
    type: 'URL',
    parse: (text): Parsed<string> => {
      const url = URL.parse(text);
      if (!url || !schemes.includes(url.protocol)) return { instead: example };
      return isHere(url) || !isWellKnown(url)
        ? { value: text }
        : { instead: 'a URL whose password is not a well-known one (such as guest or postgres), unless the server is on this machine' };
    },
    warn: (text) => {
      const url = URL.parse(text);
      return url && !isHere(url) ? risksOf(url) : null;
    },
  };
}

function risksOf(url: URL): string | null {
  const kind = kinds[url.protocol];
  const risks = [
    ...(kind && !kind.isEncrypted(url) ? [`passwords and data travel unencrypted: ${kind.remedy}`] : []),
    ...(/^rediss?:$/.test(url.protocol) && url.password === ''
      ? ['without a password anyone there can read and change the data: set one']
      : []),
  ];
  return risks.length === 0 ? null : `connects to another machine, and ${risks.join('; and ')}.`;
}

function isPostgresEncrypted(url: URL): boolean {
  return ['require', 'verify-ca', 'verify-full'].includes(url.searchParams.get('sslmode') ?? '') || isOn(url, 'ssl');
}

function isOn(url: URL, name: string): boolean {
  return ['true', '1'].includes(url.searchParams.get(name) ?? '');
}

/** On this machine: loopback, or a Unix socket. */
function isHere(url: URL): boolean {
  const host = decodeURIComponent(url.searchParams.get('host') ?? url.hostname).replace(/^\[|\]$/g, '');
  return host === '' || host.startsWith('/') || isLoopback(host);
}

function isWellKnown(url: URL): boolean {
  // Without a user, the client of RabbitMQ logs in as guest.
  if (url.username === '' && url.password === '') return /^amqps?:$/.test(url.protocol);
  const [user, password] = [url.username, url.password].map((part) => decoded(part).toLowerCase());
  return password !== undefined && password !== '' && (password === user || wellKnownPasswords.has(password));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
