/** Ports for servers that tests start. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

/**
 * Below those that systems give to outgoing connections, and those that embedded PostgreSQLs choose from: either would take the port
 * between the look and the server's start. So would a test file that runs at the same time: each worker has a share of its own.
 */
const range = { from: 12_000, to: 20_000, shares: 4 } as const;
const triesMax = 50;
const share = Number(process.env['VITEST_POOL_ID'] ?? 0) % range.shares;
const shareSize = (range.to - range.from) / range.shares;
/** Its server may not have started yet. */
const given = new Set<number>();

/** A port of this machine that nobody listens on, and that was not given before. */
export async function freePort(): Promise<number> {
  for (let tried = 1; ; tried++) {
    const port = range.from + share * shareSize + randomInt(shareSize);
    if (given.has(port)) continue;
    const server = net.createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (failure) {
      if (tried >= triesMax) throw failure;
      continue;
    }
    server.close();
    await once(server, 'close');
    given.add(port);
    return port;
  }
}
