/** Which URLs may be called: none that leads into a private network, however it is written and whatever its name resolves to. */
import { BlockList, isIP } from 'node:net';
import type { Names } from './names.ts';

/** A checked URL, and the addresses of its host. */
export type Target = { readonly url: URL; readonly addresses: readonly { readonly address: string; readonly family: 4 | 6 }[] };

export const urlLengthMax = 2_048;
const lookUpMs = 3_000;

/** `refused`: it must not be called. `failed`: its name could not be resolved. */
export async function checkTarget(
  text: string,
  allowPrivate: boolean,
  names: Names,
  deadline: AbortSignal,
): Promise<Target | { readonly refused: string } | { readonly failed: unknown }> {
  const url = URL.parse(text);
  const refused = whyForm(text, url, allowPrivate);
  if (!url || refused !== null) return { refused: refused ?? notAnAddress };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  let found: readonly string[];
  try {
    found = isIP(host) === 0 ? await names(host, deadline) : [host];
  } catch (failed) {
    return { failed };
  }
  // A single private address is enough: the owner of the name controls which one is used.
  const inside = allowPrivate ? undefined : found.find((address) => !isPublicAddress(address));
  if (inside !== undefined) return { refused: `it resolves to ${inside}, which is not a public address` };
  if (found.length === 0) return { failed: new Error('the name does not resolve') };
  return { url, addresses: found.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 })) };
}

/**
 * Why a URL may not be configured; null when it may. A name that does not resolve now may do so later; it is checked again at each call.
 */
export async function whyRefused(text: string, allowPrivate: boolean, names: Names): Promise<string | null> {
  const target = await checkTarget(text, allowPrivate, names, AbortSignal.timeout(lookUpMs));
  return 'refused' in target ? target.refused : null;
}

const notAnAddress = 'it is not a URL like https://example.com/hooks';

/** Checks the form; the URL parser has already normalized numeric hosts. */
function whyForm(text: string, url: URL | null, allowPrivate: boolean): string | null {
  if (!url || text.length > urlLengthMax || !/^https?:\/\/[^/]/i.test(text) || /[\s\\\p{Cc}]/u.test(text)) return notAnAddress;
  if (url.protocol !== 'https:' && !allowPrivate) return 'it is not https';
  if (url.username !== '' || url.password !== '') return 'it contains a user or a password';
  if (url.hash !== '') return 'it has a fragment (#), which is never sent';
  const port = url.port === '' ? null : Number(url.port);
  // Ports below 1024 are system services: mail, names, files. No webhook uses them.
  if (port !== null && port < 1_024 && !allowPrivate) return `port ${port} is not allowed for webhooks: use 443, or one from 1024 on`;
  return null;
}

/** True for globally reachable addresses. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, '');
  switch (isIP(plain)) {
    case 4:
      return !reserved.check(plain, 'ipv4');
    case 6:
      return unicast.check(plain, 'ipv6') && !reserved.check(plain, 'ipv6');
    default:
      return false;
  }
}

/**
 * Only allocated IPv6 unicast: this excludes loopback, unspecified, link-local, unique local and multicast addresses, and disguised IPv4
 * ones (mapped, compatible, translated, NAT64).
 */
const unicast = blocksOf(['2000::/3']);

const reserved = blocksOf([
  '0.0.0.0/8', // this host
  '10.0.0.0/8',
  '100.64.0.0/10', // between carriers and their customers
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local, where clouds serve credentials
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // multicast tunnels
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '2001::/23', // protocol assignments, including Teredo
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
]);

function blocksOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [net = '', bits] = block.split('/');
    list.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
