/** The caller's address: the peer of the connection, or the address that trusted proxies in front report. */
import { BlockList } from 'node:net';
import { addressIn } from '../network/index.ts';
import type { Network } from '../network/index.ts';
import type { App, Product } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** For limits, logs and the audit, instead of the framework's `ip`; null if the caller disconnected before it was read. */
    readonly clientIp: string | null;
  }
}

/** Call it before registering the hooks and routes that use it. */
export function trackClientAddresses(app: App, { trustedProxies = [] }: Pick<Product, 'trustedProxies'>): void {
  const isTrusted = belongingTo(trustedProxies);
  app.decorateRequest('clientIp', {
    getter() {
      return clientAddress(this.raw.socket.remoteAddress, this.raw.headers['x-forwarded-for'], isTrusted);
    },
  });
}

/** A header within the size limit could name thousands of addresses, each to be looked up. */
const proxiesMax = 32;

/**
 * Each proxy appends its peer on the right, so the list is read from there: the first address that is not a trusted proxy is the
 * caller, and anything left of it is unverified. If a proxy names no address (`unknown`, or nonsense), the proxy itself is the
 * caller.
 */
export function clientAddress(
  connected: string | undefined,
  forwardedFor: string | string[] | undefined,
  isTrusted: (address: string) => boolean,
): string | null {
  if (connected === undefined) return null;
  let client = addressIn(connected) ?? connected;
  if (forwardedFor === undefined || !isTrusted(client)) return client;
  const named = [forwardedFor].flat().join(',');
  let end = named.length;
  for (let passed = 0; passed < proxiesMax && end >= 0; passed++) {
    const comma = end === 0 ? -1 : named.lastIndexOf(',', end - 1);
    const address = addressIn(named.slice(comma + 1, end).trim());
    if (address === null) return client;
    client = address;
    if (!isTrusted(client)) return client;
    end = comma;
  }
  return client;
}

function belongingTo(networks: readonly Network[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const { address, bits, family } of networks) list.addSubnet(address, bits, family);
  return (address) => list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
