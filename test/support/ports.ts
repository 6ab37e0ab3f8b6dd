/** Ports for servers that tests start. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

/** Below those that systems give to outgoing connections, one of which would take the port between the look and the server's start. */
const range = { from: 12_000, to: 30_000 } as const;
const triesMax = 50;

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tried = 1; ; tried++) {
    const port = randomInt(range.from, range.to);
    const server = net.createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (failure) {
      if (tried >= triesMax) throw failure;
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
