/** The three roles of a Coffer database, and how a connection assumes one. Their rights are in database/access/rights.sql. */
import pg from 'pg';
import { OperatorError } from '../kernel/index.ts';
import { withServerOptions } from './sessions.ts';

/** `migrator` owns everything, `writer` is the role of the running Coffer, `reader` can only read. */
export type Role = 'migrator' | 'writer' | 'reader';

/** Roles belong to the whole server, not to one database. They cannot log in; logins are made members of them. */
export const roleNames = {
  migrator: 'coffer_migrator',
  writer: 'coffer_writer',
  reader: 'coffer_reader',
} as const satisfies Record<Role, string>;

/** The URL for connections that have the rights of one role only, whatever else their login may do. */
export function inRole(url: string, role: 'writer' | 'reader'): string {
  return withServerOptions(url, `-c role=${roleNames[role]}`);
}

/**
 * Creates the missing roles, and makes the caller a member if it may. True when one was missing: then the grants are missing too (a
 * database restored on another server comes without its roles).
 */
export async function ensureRoles(client: pg.ClientBase): Promise<boolean> {
  const names = Object.values(roleNames);
  const { rows } = await client.query<{ rolname: string }>('select rolname from pg_roles where rolname = any($1::name[])', [names]);
  const missing = names.filter((name) => !rows.some(({ rolname }) => rolname === name));
  for (const name of missing) await createRole(client, name);
  for (const name of names) await joinRole(client, name);
  return missing.length > 0;
}

/** Two databases of one server may be migrated concurrently: the second finds the role created. */
export async function createRole(client: pg.ClientBase, name: string): Promise<void> {
  try {
    await client.query(`create role ${pg.escapeIdentifier(name)} nologin`);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === '42710' || code === '23505') return;
    if (code === '42501') throw rolesMissing(error);
    throw error;
  }
}

async function joinRole(client: pg.ClientBase, name: string): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>(
    `select not pg_has_role(current_user, $1, 'SET') and pg_has_role(current_user, $1, 'MEMBER WITH ADMIN OPTION') as may`,
    [name],
  );
  if (rows[0]?.may) await client.query(`grant ${pg.escapeIdentifier(name)} to current_user`);
}

function rolesMissing(cause: unknown): OperatorError {
  const names = Object.values(roleNames);
  return new OperatorError(
    `The server has no roles ${names.join(', ')} yet, and this user may not create them.`,
    `Run once as a superuser: ${names.map((name) => `create role ${name};`).join(' ')} grant ${roleNames.migrator} to <the user of COFFER_MIGRATION_URL>; grant ${roleNames.writer}, ${roleNames.reader} to <the user of DATABASE_URL>;`,
    { cause },
  );
}
