/** A TCP proxy before a real server that cuts connections in the middle of an answer, wherever that is. */
import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

export type CuttingProxy = {
  readonly url: string;
  /** How many were cut. */
  readonly cuts: number;
  stop(): Promise<void>;
};

/** `bytesBeforeCut`: asked for each connection; null lets it be. */
export async function startCuttingProxy(target: string, bytesBeforeCut: (connection: number) => number | null): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<net.Socket>();
  let [connections, cuts] = [0, 0];
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    let left = bytesBeforeCut(++connections);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      if (left === null) return void client.write(bytes);
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      // What was passed on before the cut arrives.
      client.write(passed);
      if (left > 0 || client.writableEnded) return;
      cuts++;
      client.end();
      upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
