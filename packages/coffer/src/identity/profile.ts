/** Changes of a user's own profile. A change of the address or the password queues its e-mails in the same transaction. */
import pg from 'pg';
import { addMail } from './account-mail.ts';
import type { Queries } from './queries.ts';
import { userColumns, userFromRow } from './user-rows.ts';
import type { StoredUser, UserRow } from './user-rows.ts';

export type ProfileChange = {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly passwordHash?: string | undefined;
};

/** `requiresProof`: a new address replaces the earlier one only when it is proved. `mails`: there is a mail server. */
export type AccountRules = { readonly requiresProof: boolean; readonly mails: boolean };

/** Null: there is no such user. A new password revokes all tokens and links, and gives up an address that is not proved yet. */
export async function changeProfile(
  queries: Queries,
  id: string,
  change: ProfileChange,
  rules: AccountRules,
): Promise<StoredUser | null | 'email_taken'> {
  try {
    return await queries.transact(async (client) => {
      const { rows } = await client.query<UserRow>({
        name: 'profile_lock',
        text: `select ${userColumns} from identity.users where id = $1 and status = 'active' and deleted_at is null for update`,
        values: [id],
      });
      return rows[0] ? await changeLocked(client, userFromRow(rows[0]), change, rules) : null;
    });
  } catch (failure) {
    if (failure instanceof EmailTaken) return 'email_taken';
    if (failure instanceof pg.DatabaseError && failure.constraint === 'users_email_living') return 'email_taken';
    throw failure;
  }
}

async function changeLocked(client: pg.PoolClient, { user }: StoredUser, change: ProfileChange, rules: AccountRules): Promise<StoredUser> {
  const { name, email, passwordHash } = change;
  const isOther = email !== undefined && email.toLowerCase() !== user.email?.toLowerCase();
  const waits = isOther && rules.requiresProof;
  if (waits && (await isTaken(client, email))) throw new EmailTaken();
  const changed = await write(client, user.id, {
    name,
    email: waits ? undefined : email,
    passwordHash,
    forgetsProof: isOther && !waits,
    // Sent again with the present address, a change is given up.
    pending: waits ? email : email !== undefined || passwordHash !== undefined ? null : user.pendingEmail,
  });
  if (rules.mails) await notify(client, { user, changed, isOther, waits, email, rules });
  if (rules.mails && passwordHash !== undefined) await queue(client, changed, user.email, 'password_changed');
  return changed;
}

type Notice = {
  readonly user: StoredUser['user'];
  readonly changed: StoredUser;
  readonly isOther: boolean;
  readonly waits: boolean;
  readonly email: string | undefined;
  readonly rules: AccountRules;
};

/** A proved earlier address gets a notice; the new one gets the link, or a notice too. */
async function notify(client: pg.PoolClient, { user, changed, isOther, waits, email, rules }: Notice): Promise<void> {
  if (!isOther || email === undefined) return;
  const isKnown = !rules.requiresProof || user.emailProvedAt !== null;
  if (isKnown) await queue(client, changed, user.email, waits ? 'email_changing' : 'email_changed');
  await queue(client, changed, email, waits ? 'proof' : 'email_changed');
}

async function queue(
  client: pg.PoolClient,
  { user: { id, name } }: StoredUser,
  address: string | null,
  kind: 'proof' | 'email_changing' | 'email_changed' | 'password_changed',
): Promise<void> {
  if (address !== null) await addMail(client, { kind, address, userId: id, name });
}

async function isTaken(client: pg.PoolClient, email: string): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'profile_taken',
    text: `
      select from identity.users
      where lower(email collate "C") = lower($1::text collate "C") and deleted_at is null and status <> 'rolled_back'`,
    values: [email],
  });
  return (rowCount ?? 0) > 0;
}

async function write(
  client: pg.PoolClient,
  id: string,
  change: ProfileChange & { readonly forgetsProof: boolean; readonly pending: string | null },
): Promise<StoredUser> {
  const { rows } = await client.query<UserRow>({
    name: 'profile_write',
    text: `
      update identity.users set
        name = coalesce($2, name),
        email = coalesce($3, email),
        password_hash = coalesce($4, password_hash),
        token_epoch = token_epoch + ($4::text is not null)::integer,
        email_proved_at = case when $5 then null else email_proved_at end,
        email_proved_by = case when $5 then null else email_proved_by end,
        pending_email = $6,
        updated_at = clock_timestamp()
      where id = $1
      returning ${userColumns}`,
    values: [id, change.name, change.email, change.passwordHash, change.forgetsProof, change.pending],
  });
  const [row] = rows;
  if (!row) throw new Error('the locked row is gone');
  return userFromRow(row);
}

/** Rolls the transaction back. */
class EmailTaken extends Error {
  override readonly name = 'EmailTaken';
}
