import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { superuser } from './cluster.ts';
import type { Credentials } from './home.ts';

/**
 * Which copy of Coffer owns the embedded server: the one that holds this advisory lock. It is held by a connection,
 * so the kernel and PostgreSQL release it the moment its owner dies, however that happens; no lock file can go stale.
 */
const ownerLock = 0x0c0ffe12;

export type Ownership = { release(): Promise<void> };

export function connectionUrl(credentials: Credentials, database: string): string {
  return `postgres://${superuser}:${credentials.password}@127.0.0.1:${credentials.port}/${database}`;
}

export function connect(credentials: Credentials, applicationName: string): pg.Client {
  const client = new pg.Client({
    connectionString: connectionUrl(credentials, 'postgres'),
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  return client;
}

/** What a server says of itself: it answers queries, it starts or stops, it knows another password, or nobody listens. */
export async function askServer(credentials: Credentials): Promise<'ready' | 'busy' | 'foreign' | 'silent'> {
  const client = connect(credentials, 'coffer start');
  try {
    await client.connect();
    await client.query('select 1');
    return 'ready';
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (code === '28P01' || code === '28000') return 'foreign';
    return /^(57P0|53300)/.test(code) ? 'busy' : 'silent';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Takes the ownership, waiting up to `patienceMs` for a dying owner to let go; otherwise answers who holds it. */
export async function takeOwnership(credentials: Credentials, patienceMs: number): Promise<{ ownership: Ownership } | { owner: string }> {
  const client = connect(credentials, `coffer owner ${process.pid}`);
  await client.connect();
  const end = performance.now() + patienceMs;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [ownerLock]);
    if (rows[0]?.taken) return { ownership: keep(client, credentials) };
    if (performance.now() > end) break;
    await sleep(50);
  }
  const { rows } = await client.query<{ application_name: string }>(
    `select a.application_name from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.objid = $1 and l.granted limit 1`,
    [ownerLock],
  );
  await client.end();
  return {
    owner: rows[0]?.application_name.replace('coffer owner', 'process') ?? 'another process',
  };
}

/** Holds the ownership for as long as the process lives: a connection that breaks is replaced as soon as the server is back. */
function keep(first: pg.Client, credentials: Credentials): Ownership {
  let released = false;
  let current = first;
  const watch = (client: pg.Client) => {
    current = client;
    client.once('end', () => {
      if (!released) void retake();
    });
  };
  const retake = async () => {
    while (!released) {
      const client = connect(credentials, `coffer owner ${process.pid}`);
      try {
        await client.connect();
        await client.query('select pg_advisory_lock($1)', [ownerLock]);
        if (released) await client.end();
        else watch(client);
        return;
      } catch {
        await client.end().catch(() => undefined);
        await sleep(200);
      }
    }
  };
  watch(first);
  return {
    async release() {
      released = true;
      await current.end().catch(() => undefined);
    },
  };
}

/** Makes sure that the database itself exists inside the server. */
export async function ensureDatabase(credentials: Credentials, name: string): Promise<void> {
  const client = connect(credentials, 'coffer start');
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
