import { createHmac } from 'node:crypto';
import pg from 'pg';
import { createRole, ensureRoles, roleNames } from '../../coffer/src/database/roles.ts';
import type { Credentials } from './home.ts';
import { connect } from './ownership.ts';

type LoginRole = 'writer' | 'reader';

/** Each role has a login of its own here, so that no statement can turn back into the superuser. */
function loginName(role: LoginRole): string {
  return `${roleNames[role]}_login`;
}

/** Follows from the kept password, which does not follow from it: nothing more to keep, and knowing one login opens no other. */
function loginPassword(credentials: Credentials, role: LoginRole): string {
  return createHmac('sha256', credentials.password).update(loginName(role)).digest('base64url');
}

export function loginUrl(credentials: Credentials, database: string, role: LoginRole): string {
  return `postgres://${loginName(role)}:${loginPassword(credentials, role)}@127.0.0.1:${credentials.port}/${database}`;
}

/** Makes the roles and their logins; the passwords are set at each start, since the kept one may have been lost and made anew. */
export async function ensureLogins(credentials: Credentials): Promise<void> {
  const client = connect(credentials, 'coffer start');
  await client.connect();
  try {
    await ensureRoles(client);
    for (const role of ['writer', 'reader'] as const) {
      const name = pg.escapeIdentifier(loginName(role));
      await createRole(client, loginName(role));
      await client.query(`alter role ${name} login password ${pg.escapeLiteral(loginPassword(credentials, role))}`);
      await client.query(`grant ${roleNames[role]} to ${name}`);
    }
  } finally {
    await client.end();
  }
}
