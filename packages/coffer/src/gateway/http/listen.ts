/** Puts the server on its address, and takes it off without dropping what it was asked. */
import type { AddressInfo } from 'node:net';
import { assert } from '../../kernel/index.ts';
import type { Address } from '../../kernel/index.ts';
import type { Tls } from '../network/index.ts';
import { createHttpServer } from './server.ts';
import type { Product } from './app.ts';

/** Longest wait for answers under way; the ledger's own patience is 10 s. */
const drainMs = 15_000;
const tidyMs = 50;

export type HttpListener = {
  readonly url: string;
  /** Takes no more, finishes what is in flight, closes the connections that are kept alive. */
  stop(): Promise<void>;
};

/** `port` 0 takes a free one (tests). With `tls`, nothing is answered without. */
export async function listenHttp(product: Product, address: Address, tls: Tls | null = null): Promise<HttpListener> {
  const app = await createHttpServer(product, tls);
  await app.listen(address);
  const bound = app.server.address();
  assert(typeof bound === 'object' && bound !== null, 'a TCP listener has an address');
  return {
    url: urlOf(tls ? 'https' : 'http', bound),
    stop: async () => {
      const impatience = setTimeout(() => app.server.closeAllConnections(), drainMs);
      // A connection that had a request under way when the closing began is idle only after its answer.
      const tidying = setInterval(() => app.server.closeIdleConnections(), tidyMs);
      await app.close();
      clearInterval(tidying);
      clearTimeout(impatience);
    },
  };
}

function urlOf(scheme: string, { address, family, port }: AddressInfo): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
