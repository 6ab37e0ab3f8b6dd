/** Addresses as proxies write them, and ranges of addresses. */
import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { Parser } from '../../kernel/index.ts';

/** A range of addresses: its first address and the number of significant bits. */
export type Network = { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' };

const loopback: readonly Network[] = [
  { address: '127.0.0.0', bits: 8, family: 'ipv4' },
  { address: '::1', bits: 128, family: 'ipv6' },
];

/** A list of addresses and ranges, separated by commas. */
export const networks: Parser<readonly Network[]> = {
  type: 'addresses and ranges, or loopback',
  parse: (text) => {
    const found: Network[] = [];
    for (const name of text.split(',').map((part) => part.trim())) {
      const named = name.toLowerCase() === 'loopback' ? loopback : networkOf(name);
      if (named === null)
        return {
          instead: 'addresses and ranges of the proxies in front, separated by commas, such as 10.0.0.7,192.168.0.0/16, or loopback',
        };
      if ('bits' in named && named.bits === 0)
        return { instead: `only the addresses of your proxies: ${name} covers every address, so any caller could forge theirs` };
      found.push(...[named].flat());
    }
    return { value: found };
  },
};

function networkOf(text: string): Network | null {
  const [, address = '', digits] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  // An IPv4-mapped address would never match: addresses are compared in the form that `addressIn` returns.
  if (addressIn(address)?.includes(':') !== address.includes(':')) return null;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const bitsMax = family === 'ipv4' ? 32 : 128;
  const bits = digits === undefined ? bitsMax : Number(digits);
  return bits <= bitsMax ? { address, bits, family } : null;
}

/** An address, or a range in CIDR notation. */
export function isRange(text: string): boolean {
  return networkOf(text) !== null;
}

/** Whether all addresses of a range are in one of the ranges, of which each `isRange`. Ranges are nested or disjoint. */
export function isWithinRanges(text: string, ranges: readonly string[]): boolean {
  const wanted = networkOf(text);
  if (!wanted) return false;
  return ranges.some((range) => {
    const network = networkOf(range);
    return network !== null && network.family === wanted.family && network.bits <= wanted.bits && isInRanges(wanted.address, [range]);
  });
}

const lists = new WeakMap<readonly string[], BlockList>();

/** Whether an address is in one of the ranges, of which each `isRange`. Text that is no address is in none. */
export function isInRanges(text: string, ranges: readonly string[]): boolean {
  const address = addressIn(text);
  if (address === null) return false;
  let list = lists.get(ranges);
  if (!list) {
    list = new BlockList();
    for (const range of ranges) {
      const network = networkOf(range);
      if (network) list.addSubnet(network.address, network.bits, network.family);
    }
    lists.set(ranges, list);
  }
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

/**
 * What limits count an address by: an IPv4 address itself, of an IPv6 address the first 64 bits, because one customer has all the
 * addresses of such a network. Text that is no address counts as it is.
 */
export function networkKeyOf(text: string): string {
  const address = addressIn(text);
  if (address === null || !address.includes(':')) return address ?? text;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - groups.length - after.length }, () => '0');
  return `${[...groups, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

const textLengthMax = 64;

/**
 * The address in a text that may have a port or a zone, in canonical form: an IPv4 address stays IPv4, however the connection was
 * made. Null if there is none.
 */
export function addressIn(text: string): string | null {
  if (text.length > textLengthMax) return null;
  // Nearly every request asks two or three times, about such a text.
  if (isIPv4(text)) return text;
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d{1,5}$/, '$1');
  const address = bare.replace(/%[^%]*$/, '');
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const spelt = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = spelt.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? mapped : spelt;
}
