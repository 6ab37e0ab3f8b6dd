import pg from 'pg';
import { hidePasswords } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { connectionConfig, prepareSession } from './sessions.ts';
import type { SessionSettings } from './sessions.ts';

export type PoolOptions = {
  /** Maximum number of connections; 10 by default. */
  connectionsMax?: number;
  /** Shown in pg_stat_activity, so that an operator can identify connections. */
  applicationName?: string;
  /** In addition to those of every connection, such as `{ enable_seqscan: 'off' }`. */
  settings?: SessionSettings;
  /** Longest wait for a free or new connection; 10 s by default. */
  connectTimeoutMs?: number;
  /** Gives up on a server that hangs without closing the connection; never, by default. */
  queryTimeoutMs?: number;
};

/** Opens a pool of connections with Coffer's settings. One that breaks is logged and replaced; it never ends the process. */
export function createPool(url: string, log: Log, options: PoolOptions = {}): pg.Pool {
  // The pool waits for this promise, although its types say that it expects none.
  const prepare = (client: pg.ClientBase): unknown => prepareSession(client, options.settings);
  const pool = new pg.Pool({
    ...connectionConfig(url, { ...options, applicationName: options.applicationName ?? 'coffer' }),
    max: options.connectionsMax ?? 10,
    idleTimeoutMillis: 60_000,
    onConnect: prepare,
  });
  const report = (error: Error) => {
    // While connections are being closed, the embedded database may stop first.
    if (!pool.ending) log.warn({ reason: hidePasswords(error.message) }, 'A database connection broke');
  };
  pool.on('error', report);
  // A connection that breaks while in use emits its error on the client; unhandled, it would end the process.
  pool.on('connect', (client) => {
    client.on('error', (error) => log.debug({ reason: hidePasswords(error.message) }, 'A database connection in use broke'));
  });
  return pool;
}
