import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP proxy before a real service that fails the way networks do. */
export type FaultyProxy = {
  readonly address: { host: string; port: number };
  /** How many faults really happened. */
  readonly faults: number;
  /** Forwards everything again. */
  heal(): void;
  /** Requests arrive; the next answer is cut off together with its connection. Later connections work. */
  loseNextAnswer(): void;
  /** Requests arrive; answers are held back, on connections that stay open, until it is healed. */
  holdAnswers(): void;
  /** The other direction: requests are held back, and answers pass. */
  holdRequests(): void;
  /** Ends every connection. */
  cut(): void;
  stop(): Promise<void>;
};

export async function startProxy(target: { host: string; port: number }): Promise<FaultyProxy> {
  let mode: 'pass' | 'lose' | 'hold answers' | 'hold requests' = 'pass';
  let faults = 0;
  let held: (() => void)[] = [];
  const hold = (deliver: () => void) => {
    faults++;
    held.push(deliver);
  };
  const answer = (client: net.Socket, bytes: Buffer) => {
    if (mode === 'hold answers') return hold(() => client.write(bytes));
    if (mode !== 'lose') return void client.write(bytes);
    faults++;
    mode = 'pass';
    client.destroy();
  };
  const request = (upstream: net.Socket, bytes: Buffer) => {
    if (mode === 'hold requests') hold(() => upstream.write(bytes));
    else upstream.write(bytes);
  };
  const proxy = await listenBefore(target, answer, request);
  return {
    address: { host: '127.0.0.1', port: proxy.port },
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
      mode = 'hold answers';
    },
    holdRequests: () => {
      mode = 'hold requests';
    },
    cut: () => proxy.cut(),
    stop: () => proxy.stop(),
  };
}

export type CuttingProxy = {
  readonly url: string;
  /** How many connections were cut. */
  readonly cuts: number;
  stop(): Promise<void>;
};

/** Cuts connections in the middle of an answer. `bytesBeforeCut` is called for each connection; null leaves it intact. */
export async function startCuttingProxy(target: string, bytesBeforeCut: (connection: number) => number | null): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  let [connections, cuts] = [0, 0];
  const leftOf = new WeakMap<net.Socket, number | null>();
  const proxy = await listenBefore({ host: hostname, port: Number(port) }, (client, bytes, upstream) => {
    const left = leftOf.has(client) ? (leftOf.get(client) ?? null) : bytesBeforeCut(++connections);
    const passed = left === null ? bytes : bytes.subarray(0, left);
    leftOf.set(client, left === null ? null : left - passed.length);
    // Bytes forwarded before the cut arrive.
    client.write(passed);
    if (left === null || left > passed.length || client.writableEnded) return;
    cuts++;
    client.end();
    upstream.destroy();
  });
  return {
    url: `http://127.0.0.1:${proxy.port}`,
    get cuts() {
      return cuts;
    },
    stop: () => proxy.stop(),
  };
}

/** Forwards the bytes of clients; the caller handles the answers of the service. */
async function listenBefore(
  target: { host: string; port: number },
  answer: (client: net.Socket, bytes: Buffer, upstream: net.Socket) => void,
  request: (upstream: net.Socket, bytes: Buffer) => void = (upstream, bytes) => void upstream.write(bytes),
): Promise<{ readonly port: number; cut(): void; stop(): Promise<void> }> {
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
    client.on('data', (bytes: Buffer) => request(upstream, bytes));
    upstream.on('data', (bytes: Buffer) => answer(client, bytes, upstream));
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
