/** Where a request comes from: whoever connected, or whom the proxies in front name, as far as they are believed. */
import { BlockList } from 'node:net';
import { addressIn } from '../network/index.ts';
import type { Network } from '../network/index.ts';
import type { App, Product } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** For limits, logs and the audit, instead of the framework's `ip`; null when the caller left before anybody asked. */
    readonly clientIp: string | null;
  }
}

/** Called before the hooks and routes that ask. */
export function tellClientAddresses(app: App, { trustedProxies = [] }: Pick<Product, 'trustedProxies'>): void {
  const isTrusted = belongingTo(trustedProxies);
  app.decorateRequest('clientIp', {
    getter() {
      return clientAddress(this.raw.socket.remoteAddress, this.raw.headers['x-forwarded-for'], isTrusted);
    },
  });
}

/** A header of the size that is let in could name thousands, each to be looked up. */
const proxiesMax = 32;

/**
 * Each proxy adds on the right whom it was asked by, so the list is read from there: the first that is no proxy of ours is the caller,
 * and what stands left of it is the caller's own word. Where a proxy names nobody (`unknown`, or nonsense), it is the proxy that is told.
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
