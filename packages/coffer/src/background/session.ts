import pg from 'pg';
import { connectClient, connectionConfig } from '../database/index.ts';
import type { ConnectionOptions } from '../database/index.ts';

export type SessionOptions = Omit<ConnectionOptions, 'pipeline'> & {
  readonly url: string;
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

/** Connects. Throws an outage, or an OperatorError behind a pooler. */
export async function openSession({ url, onBroken, ...options }: SessionOptions): Promise<Session> {
  const client = new pg.Client(connectionConfig(url, options));
  return await connectSession(client, onBroken, () => connectClient(client, options.settings));
}

/** `openSession` on a client that is not connected yet. */
export async function connectSession(
  client: pg.Client,
  onBroken: (session: Session) => void,
  connect: () => Promise<unknown> = () => client.connect(),
): Promise<Session> {
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
    await connect();
  } catch (failure) {
    await session.close();
    throw failure;
  }
  isOpen = true;
  if (isBroken) onBroken(session);
  return session;
}
