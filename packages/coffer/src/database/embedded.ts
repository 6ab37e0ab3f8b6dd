/** The embedded PostgreSQL as Coffer uses it: with a login for each role, and failures as OperatorErrors. */
import { createHmac } from 'node:crypto';
import pg from 'pg';
import * as server from '../../../embedded-postgres/src/index.ts';
import { OperatorError } from '../kernel/index.ts';
import { createRole, ensureRoles, roleNames } from './roles.ts';
import { connectClient, connectionConfig } from './sessions.ts';

type LoginRole = 'writer' | 'reader';

export type EmbeddedOptions = Omit<server.EmbeddedOptions, 'prepare'>;

export type Embedded = server.Embedded & {
  /** The URL of a login that is a member of one role only. */
  loginUrl(role: LoginRole): string;
};

/** Starts or joins the embedded PostgreSQL of a home; the package documents who may stop it. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const started = await withOperatorErrors(() => server.startEmbedded({ ...options, prepare: ensureLogins }));
  return { ...started, loginUrl: (role) => loginUrl(started.url, role) };
}

/** Deletes the embedded database of a home; refuses while a copy of Coffer uses it. Returns the removed folders. */
export async function removeEmbedded(options: { home: string; log: server.EmbeddedLog }): Promise<string[]> {
  return await withOperatorErrors(() => server.removeEmbedded(options));
}

async function withOperatorErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof server.EmbeddedPostgresError)) throw error;
    throw new OperatorError(error.message, error.remedy, { cause: error });
  }
}

/** Each role has its own login, so that no statement can switch back to the superuser. */
function loginName(role: LoginRole): string {
  return `${roleNames[role]}_login`;
}

/** Derived one-way from the superuser's password: nothing else needs storing, and one login's password opens no other. */
function loginPassword(superuserUrl: string, role: LoginRole): string {
  return createHmac('sha256', new URL(superuserUrl).password).update(loginName(role)).digest('base64url');
}

function loginUrl(superuserUrl: string, role: LoginRole): string {
  const url = new URL(superuserUrl);
  url.username = loginName(role);
  url.password = loginPassword(superuserUrl, role);
  return url.href;
}

/** Creates the roles and their logins. Passwords are set at each start, because the superuser's may have been lost and regenerated. */
async function ensureLogins(superuserUrl: string): Promise<void> {
  const client = new pg.Client(connectionConfig(superuserUrl, { applicationName: 'coffer start', connectTimeoutMs: 5_000 }));
  client.on('error', () => undefined);
  await connectClient(client);
  try {
    await ensureRoles(client);
    for (const role of ['writer', 'reader'] as const) {
      const name = pg.escapeIdentifier(loginName(role));
      await createRole(client, loginName(role));
      await client.query(`alter role ${name} login password ${pg.escapeLiteral(loginPassword(superuserUrl, role))}`);
      await client.query(`grant ${roleNames[role]} to ${name}`);
    }
  } finally {
    await client.end();
  }
}
