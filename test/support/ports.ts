/** Ports for servers that tests start. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

/**
 * Below those that systems give to outgoing connections, and those that embedded PostgreSQLs choose from: either would take the port
 * between the check and the server's start. So would a concurrent test file, so each worker has its own range.
 */
const range = { from: 12_000, to: 20_000, shares: 4 } as const;
const triesMax = 50;
const share = Number(process.env['VITEST_POOL_ID'] ?? 0) % range.shares;
const shareSize = (range.to - range.from) / range.shares;
/** Its server may not have started yet. */
const given = new Set<number>();

/** A free port of this machine that has not been handed out before. */
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
