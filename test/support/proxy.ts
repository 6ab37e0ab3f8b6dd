import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP proxy before a real service, which fails the way networks do. */
export type FaultyProxy = {
  readonly address: { host: string; port: number };
  /** How often a fault really happened. */
  readonly faults: number;
  /** Passes everything on again. */
  heal(): void;
  /** Requests arrive; the next answer is cut off together with its connection. Later connections work. */
  loseNextAnswer(): void;
  /** Requests arrive; answers are held back, on connections that stay open, until it is healed. */
  holdAnswers(): void;
  stop(): Promise<void>;
};

export async function startProxy(target: { host: string; port: number }): Promise<FaultyProxy> {
  let mode: 'pass' | 'lose' | 'hold' = 'pass';
  let faults = 0;
  let held: (() => void)[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(target);
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
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (mode === 'pass') return client.write(bytes);
      faults++;
      if (mode === 'hold') return held.push(() => client.write(bytes));
      mode = 'pass';
      client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: '127.0.0.1', port },
    get faults() {
      return faults;
    },
    heal: () => {
      mode = 'pass';
      for (const deliver of held) deliver();
      held = [];
    },
    loseNextAnswer: () => {
      mode = 'lose';
    },
    holdAnswers: () => {
      mode = 'hold';
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
