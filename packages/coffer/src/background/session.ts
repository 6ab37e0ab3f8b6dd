import pg from 'pg';
import { typeParsers, withServerOptions } from '../database/index.ts';

export type SessionOptions = {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Settings of the connection, such as `-c statement_timeout=20s`. */
  readonly serverOptions?: string;
  readonly connectTimeoutMs?: number;
  readonly queryTimeoutMs?: number;
  /** Called once when the connection breaks; not after `close`. */
  readonly onBroken: (session: Session) => void;
};

/** A dedicated connection, for session-scoped state: a LISTEN, an advisory lock. A broken session stays broken; its owner opens another. */
export type Session = {
  readonly client: pg.Client;
  readonly isBroken: boolean;
  /** Resolves when the connection has ended, for any reason. */
  readonly ended: Promise<void>;
  /** Ends the connection. Never throws. */
  close(): Promise<void>;
};

/** Connects. Throws an outage. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { url, applicationName, serverOptions, connectTimeoutMs = 10_000, queryTimeoutMs, onBroken } = options;
  const client = new pg.Client({
    connectionString: withServerOptions(url, serverOptions),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    ...(queryTimeoutMs === undefined ? {} : { query_timeout: queryTimeoutMs }),
    keepAlive: true,
    types: typeParsers,
  });
  return await connectSession(client, onBroken);
}

/** `openSession` on a client that is not connected yet. */
export async function connectSession(client: pg.Client, onBroken: (session: Session) => void): Promise<Session> {
  let isBroken = false;
  let isOpen = false;
  const session: Session = {
    client,
    get isBroken() {
      return isBroken;
    },
    ended: new Promise((resolve) => client.once('end', resolve)),
    close: async () => {
      isBroken = true;
      await client.end().catch(() => undefined);
    },
  };
  const breaks = () => {
    if (isBroken) return;
    isBroken = true;
    if (isOpen) onBroken(session);
  };
  client.on('error', breaks);
  client.on('end', breaks);
  try {
    await client.connect();
  } catch (failure) {
    await session.close();
    throw failure;
  }
  isOpen = true;
  if (isBroken) onBroken(session);
  return session;
}
