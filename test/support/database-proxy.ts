/** A proxy between a client and PostgreSQL that injects network faults. Loopback only. */
import net from 'node:net';
import { once } from 'node:events';

export type ProxiedConnection = {
  /** The start-up message of the client: user, database, application name. */
  readonly greeting: string;
  /** Destroys both sides immediately. */
  cut(): void;
};

/** What happens to the next bytes that PostgreSQL sends on a connection: `pass` them, `hold` them back, or lose them and `cut`. */
export type Verdict = 'pass' | 'hold' | 'cut';

export type Proxy = {
  /** The address to give to the client instead of PostgreSQL's. */
  readonly url: string;
  readonly connections: ReadonlySet<ProxiedConnection>;
  /** Called for each chunk that PostgreSQL sends. Everything passes when it is not set. */
  judge: ((connection: ProxiedConnection, piece: Buffer) => Verdict) | null;
  /** Sends the held-back bytes. */
  release(): void;
  stop(): Promise<void>;
};

export async function startProxy(databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl);
  const connections = new Set<ProxiedConnection>();
  const held: (() => void)[] = [];

  const server = net.createServer((client) => {
    const upstream = net.connect({ host: target.hostname, port: Number(target.port) });
    let greeting = '';
    const connection: ProxiedConnection = {
      get greeting() {
        return greeting;
      },
      cut: () => {
        connections.delete(connection);
        client.resetAndDestroy();
        upstream.destroy();
      },
    };
    connections.add(connection);
    client.once('data', (piece) => (greeting = piece.toString('latin1')));
    client.on('data', (piece) => upstream.write(piece));
    let holding = false;
    upstream.on('data', (piece) => {
      const verdict = proxy.judge?.(connection, piece) ?? 'pass';
      if (verdict === 'cut') connection.cut();
      else if (verdict === 'hold' || holding) {
        holding = true;
        held.push(() => {
          holding = false;
          client.write(piece);
        });
      } else client.write(piece);
    });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        connections.delete(connection);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening server has an address');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(address.port);

  const proxy: Proxy = {
    url: url.href,
    connections,
    judge: null,
    release: () => {
      for (const send of held.splice(0)) send();
    },
    async stop() {
      for (const connection of connections) connection.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
