/** A network of a given round trip before a database: every piece arrives half a round trip later, in both directions. */
import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

export type SlowNetwork = { readonly url: string; stop(): Promise<void> };

export async function startSlowNetwork(databaseUrl: string, roundTripMs: number): Promise<SlowNetwork> {
  const target = new URL(databaseUrl);
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (piece) => void setTimeout(() => to.write(piece), roundTripMs / 2));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
