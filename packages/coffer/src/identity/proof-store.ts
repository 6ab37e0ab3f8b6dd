/**
 * The SQL of links. A link is bound to an account, an address and the account's token epoch: a deletion, a suspension, another address
 * or a new password voids it. Using it is one update, so that of two uses at once only one succeeds.
 */
import type pg from 'pg';
import { newId } from '../kernel/index.ts';
import { linkLivesMs, linkTokenHash, newLinkToken } from './links.ts';
import type { Purpose } from './links.ts';
import { Queries } from './queries.ts';
import { userColumns, userFromRow } from './user-rows.ts';
import type { StoredUser, UserRow } from './user-rows.ts';
import type { EmailProof } from './types.ts';

/** A new link: its token exists only here and in the e-mail. `name`: of the account; null for an invitation. */
export type NewLink = { readonly token: string; readonly expiresAt: Date; readonly name: string | null };

/** A link that was used or can be. `userId`: null for an invitation. */
type UsedLink = { readonly address: string; readonly epoch: number; readonly userId: string | null; readonly provedBy: EmailProof };

const active = "status = 'active' and deleted_at is null and suspended_at is null";
const has = (column: string) => `lower(${column} collate "C") = lower($2::text collate "C")`;
const valid = 'token_hash = $1 and purpose = $2 and used_at is null and expires_at > clock_timestamp()';
const asUsed = `address, epoch, user_id as "userId", case when mail is null then 'operator' else 'link' end as "provedBy"`;

/** Which account an address of a link belongs to; of several conditions the first that names one. $1 is the user id, if known. */
const accountOf: Readonly<Record<Purpose, string>> = {
  email: `
    select id, name, token_epoch from identity.users where ${active} and ${has('email')} and id = coalesce($1, id)
      and (email_proved_by is null or email_proved_by = 'upgrade')
    union all
    select id, name, token_epoch from identity.users where ${active} and ${has('pending_email')} and id = $1
    limit 1`,
  reset: `select id, name, token_epoch from identity.users where ${active} and ${has('email')} and id = coalesce($1, id)`,
  invitation: `
    select null::uuid as id, null::text as name, 0 as token_epoch
    where $1::uuid is null
      and not exists (select from identity.users where ${has('email')} and deleted_at is null and status <> 'rolled_back')`,
};

export class ProofStore {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  /**
   * Makes a link for the account of an address, and voids its earlier links of that purpose, except those of other tries of the same
   * e-mail. `mail`: null for a printed link. Null if no account takes such a link.
   */
  async make(link: {
    readonly purpose: Purpose;
    readonly address: string;
    readonly userId: string | null;
    readonly mail: number | null;
  }): Promise<NewLink | null> {
    const { purpose, address, userId, mail } = link;
    const token = newLinkToken();
    const rows = await this.#queries.write<{ expiresAt: Date; name: string | null }>({
      name: `proof_make_${purpose}`,
      text: `
        with account as (${accountOf[purpose]}),
        voided as (
          delete from identity.proof p using account
          where p.purpose = $3 and p.used_at is null and (p.mail is null or p.mail <> coalesce($4, 0))
            and (p.user_id = account.id or (account.id is null and lower(p.address collate "C") = lower($2::text collate "C"))))
        insert into identity.proof (id, user_id, purpose, address, epoch, token_hash, mail, expires_at)
        select $5, account.id, $3, $2, account.token_epoch, $6, $4, clock_timestamp() + $7::double precision * interval '1 millisecond' from account
        returning expires_at as "expiresAt", (select account.name from account) as name`,
      values: [userId, address, purpose, mail, newId(), linkTokenHash(token), linkLivesMs[purpose]],
    });
    return rows[0] ? { token, ...rows[0] } : null;
  }

  /** A link that could be used now, without using it. */
  async find(purpose: Purpose, hash: Buffer): Promise<UsedLink | null> {
    const rows = await this.#queries.read<UsedLink>({
      name: 'proof_find',
      text: `select ${asUsed} from identity.proof where ${valid}`,
      values: [hash, purpose],
    });
    return rows[0] ?? null;
  }

  /** Deletes links that expired before, at most `atOnce`. */
  async forgetExpired(before: Date, atOnce: number): Promise<number> {
    const rows = await this.#queries.write({
      text: `
        delete from identity.proof where id in (select id from identity.proof where expires_at < $1 order by expires_at limit $2) returning id`,
      values: [before, atOnce],
    });
    return rows.length;
  }
}

/**
 * Ends the links of an account that were printed, whose tokens somebody else may have: what the account may do has changed since. Links in
 * e-mails stay valid.
 */
export async function voidPrintedLinks(client: pg.ClientBase, userId: string): Promise<void> {
  await client.query('delete from identity.proof where user_id = $1 and mail is null and used_at is null', [userId]);
}

/** Null if it is not valid, or was used. */
export async function usesLink(client: pg.ClientBase, purpose: Purpose, hash: Buffer): Promise<UsedLink | null> {
  const { rows } = await client.query<UsedLink>({
    name: 'proof_use',
    text: `update identity.proof set used_at = clock_timestamp() where ${valid} returning ${asUsed}`,
    values: [hash, purpose],
  });
  return rows[0] ?? null;
}

/** The account of a used link, locked; null if it can no longer use it. */
export async function accountOfLink(client: pg.ClientBase, { userId, epoch }: UsedLink): Promise<StoredUser | null> {
  const { rows } = await client.query<UserRow>({
    name: 'proof_account',
    text: `select ${userColumns} from identity.users where id = $1 and token_epoch = $2 and ${active} for update`,
    values: [userId, epoch],
  });
  return rows[0] ? userFromRow(rows[0]) : null;
}
