/** The three roles of a Coffer database, and how a connection takes one on. What each may do stands in database/access/rights.sql. */
import pg from 'pg';
import { OperatorError } from '../kernel/index.ts';

/** `migrator` owns everything, `writer` is what the running Coffer works as, `reader` can only look. */
export type Role = 'migrator' | 'writer' | 'reader';

/** Roles belong to the whole server, not to one database; they cannot log in, logins are made members of them. */
export const roleNames = {
  migrator: 'coffer_migrator',
  writer: 'coffer_writer',
  reader: 'coffer_reader',
} as const satisfies Record<Role, string>;

/** The address for connections that work with the rights of one role only, whatever their login could do besides. */
export function inRole(url: string, role: 'writer' | 'reader'): string {
  return withServerOptions(url, `-c role=${roleNames[role]}`);
}

/** Adds settings to those that an address carries already; the driver would take the address's and forget all others. */
export function withServerOptions(url: string, options: string | undefined): string {
  if (options === undefined) return url;
  const address = new URL(url);
  const given = address.searchParams.get('options');
  address.searchParams.set('options', given === null ? options : `${given} ${options}`);
  return address.href;
}

/**
 * Makes the roles that are missing, and the caller a member where it is allowed to. True when one was missing: then what they may do
 * is missing too (a database restored on another server comes without its roles).
 */
export async function ensureRoles(client: pg.ClientBase): Promise<boolean> {
  const names = Object.values(roleNames);
  const { rows } = await client.query<{ rolname: string }>('select rolname from pg_roles where rolname = any($1::name[])', [names]);
  const missing = names.filter((name) => !rows.some(({ rolname }) => rolname === name));
  for (const name of missing) await createRole(client, name);
  for (const name of names) await joinRole(client, name);
  return missing.length > 0;
}

/** Two databases of one server may be migrated at once: whoever comes second finds the role made. */
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
    `The server has no roles ${names.join(', ')} yet, and this user may not make them.`,
    `Run once as a superuser: ${names.map((name) => `create role ${name};`).join(' ')} grant ${roleNames.migrator} to <the user of COFFER_MIGRATION_URL>; grant ${roleNames.writer}, ${roleNames.reader} to <the user of DATABASE_URL>;`,
    { cause },
  );
}
