import pg from 'pg';
import { hidePasswords, OperatorError } from '../kernel/index.ts';
import { connectClient, connectionConfig } from './sessions.ts';
import { inTransactionOn } from './transaction.ts';

/**
 * Deletes everything in an operator's database, schema by schema. Refuses a database that Coffer did not migrate, and one in use. Returns
 * the names of the removed schemas.
 */
export async function emptyDatabase(url: string): Promise<string[]> {
  const client = new pg.Client(connectionConfig(url, { applicationName: 'coffer reset' }));
  client.on('error', () => undefined);
  try {
    await connectClient(client);
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    throw new OperatorError(`The database at ${hidePasswords(url)} cannot be reached.`, 'Check DATABASE_URL.', { cause });
  }
  try {
    return await inTransactionOn(client, async () => {
      await refuseForeign(client, url);
      const { rows } = await client.query<{ name: string }>(
        String.raw`select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema$)' order by nspname`,
      );
      const names = rows.map((row) => row.name);
      for (const name of names) await client.query(`drop schema ${pg.escapeIdentifier(name)} cascade`);
      await client.query('create schema public');
      return names;
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function refuseForeign(client: pg.Client, url: string): Promise<void> {
  const known = await client.query<{ known: boolean }>(`select to_regclass('coffer_migration.applied') is not null as known`);
  if (!known.rows[0]?.known) {
    throw new OperatorError(`The database at ${hidePasswords(url)} contains nothing of Coffer's.`, 'Check DATABASE_URL.');
  }
  const others = await client.query<{ count: number }>(
    `select count(*) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
  );
  if (others.rows[0]?.count !== 0) {
    throw new OperatorError(
      `The database at ${hidePasswords(url)} is in use by ${others.rows[0]?.count} other connections.`,
      'Stop every copy of Coffer that uses it first.',
    );
  }
}
