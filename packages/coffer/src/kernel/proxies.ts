/** Which proxies in front are believed about who calls: the setting, and addresses as they are written on the way. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** A range of addresses, by the address that it begins with and how many bits of it count. */
export type Network = { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' };

export const proxySettings: readonly { name: string; meaning: string; fallback: string }[] = [
  {
    name: 'COFFER_TRUSTED_PROXIES',
    meaning: 'proxies in front, whose X-Forwarded-For is believed: addresses and ranges separated by commas, or loopback',
    fallback: 'none: whoever connects is the caller',
  },
];

const loopback: readonly Network[] = [
  { address: '127.0.0.0', bits: 8, family: 'ipv4' },
  { address: '::1', bits: 128, family: 'ipv6' },
];

export function readTrustedProxies(text: string | undefined, problem: (sentence: string) => void): readonly Network[] {
  const names = text === undefined ? [] : text.split(',').map((name) => name.trim());
  return names.flatMap((name) => {
    if (name.toLowerCase() === 'loopback') return loopback;
    const network = networkOf(name);
    if (network?.bits === 0)
      problem(
        `COFFER_TRUSTED_PROXIES has "${name}", which is everybody: then callers could give any address as theirs. Give the addresses of your proxies alone.`,
      );
    if (!network)
      problem(
        `COFFER_TRUSTED_PROXIES has "${name.slice(0, 64)}": give addresses and ranges of the proxies in front, separated by commas, such as 10.0.0.7,192.168.0.0/16, or loopback.`,
      );
    return network ?? [];
  });
}

function networkOf(text: string): Network | null {
  const [, address = '', digits] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  // One that is written as IPv6 and is none would never be met: addresses are compared as `addressIn` says them.
  if (addressIn(address)?.includes(':') !== address.includes(':')) return null;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const bitsMax = family === 'ipv4' ? 32 : 128;
  const bits = digits === undefined ? bitsMax : Number(digits);
  return bits <= bitsMax ? { address, bits, family } : null;
}

const textLengthMax = 64;

/**
 * The address in a text that may have a port or a zone, in its one spelling: an IPv4 address is itself, however the connection was
 * made. Null when there is none.
 */
export function addressIn(text: string): string | null {
  if (text.length > textLengthMax) return null;
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d{1,5}$/, '$1');
  const address = bare.replace(/%[^%]*$/, '');
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const spelt = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = spelt.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? mapped : spelt;
}
