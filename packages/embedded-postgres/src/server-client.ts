/** Connections to the embedded server as its superuser. */
import pg from 'pg';
import { superuser } from './cluster.ts';
import type { Credentials } from './home.ts';

export function connectionUrl(credentials: Credentials, database: string): string {
  return `postgres://${superuser}:${credentials.password}@127.0.0.1:${credentials.port}/${database}`;
}

function connect(credentials: Credentials, queryTimeoutMs?: number): pg.Client {
  const client = new pg.Client({
    connectionString: connectionUrl(credentials, 'postgres'),
    application_name: 'coffer start',
    connectionTimeoutMillis: 5_000,
    ...(queryTimeoutMs === undefined ? {} : { query_timeout: queryTimeoutMs }),
    keepAlive: true,
  });
  client.on('error', () => undefined);
  return client;
}

/** `busy`: it starts, stops or has no connection left; `foreign`: it has another password; `silent`: nothing answers. */
export type ServerState = 'ready' | 'busy' | 'foreign' | 'silent';

/** Probes the server's state; returns within ten seconds. */
export async function probeServer(credentials: Credentials): Promise<ServerState> {
  const client = connect(credentials, 5_000);
  try {
    await client.connect();
    await client.query('select 1');
    await client.end();
    return 'ready';
  } catch (error) {
    // Not awaited: a server that does not answer does not close the connection either.
    client.end().catch(() => undefined);
    const code = (error as { code?: string }).code ?? '';
    if (code === '28P01' || code === '28000') return 'foreign';
    return /^(57P0|53300)/.test(code) ? 'busy' : 'silent';
  }
}

/** Creates the database inside the server if it is missing. */
export async function ensureDatabase(credentials: Credentials, name: string): Promise<void> {
  const client = connect(credentials);
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
