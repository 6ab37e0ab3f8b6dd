/** Starts listening, and stops without dropping requests in progress. */
import type { AddressInfo } from 'node:net';
import { assert } from '../../kernel/index.ts';
import type { Address } from '../../kernel/index.ts';
import type { Tls } from '../network/index.ts';
import { createHttpServer } from './server.ts';
import type { Product } from './app.ts';

/** Maximum wait for requests in progress; the ledger itself waits up to 10 s. */
const drainMs = 15_000;
const tidyMs = 50;

export type HttpListener = {
  readonly url: string;
  /** Accepts no more connections, finishes requests in progress, and closes idle keep-alive connections. */
  stop(): Promise<void>;
};

/** `port` 0 picks a free one (tests). With `tls`, plain HTTP is not answered. */
export async function listenHttp(product: Product, address: Address, tls: Tls | null = null): Promise<HttpListener> {
  const app = await createHttpServer(product, tls);
  await app.listen(address);
  const bound = app.server.address();
  assert(typeof bound === 'object' && bound !== null, 'a TCP listener has an address');
  return {
    url: urlOf(tls ? 'https' : 'http', bound),
    stop: async () => {
      const impatience = setTimeout(() => app.server.closeAllConnections(), drainMs);
      // A connection with a request in progress when closing began becomes idle only after its answer.
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
