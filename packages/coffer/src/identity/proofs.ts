/**
 * Proofs of e-mail addresses, new passwords by link, and invitations. Requests by strangers only add an e-mail, so they say nothing
 * about accounts.
 */
import { recordChange } from '../audit/index.ts';
import pg from 'pg';
import { isUuid } from '../kernel/index.ts';
import { addMail } from './account-mail.ts';
import { linkOf, linkTokenHash } from './links.ts';
import type { Purpose } from './links.ts';
import { hashPassword } from './passwords.ts';
import { accountOfLink, ProofStore, usesLink } from './proof-store.ts';
import { Queries } from './queries.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { emailRefusal, nameRefusal, passwordRefusal } from './rules.ts';
import { IdentityStore } from './store.ts';
import { userColumns, userFromRow } from './user-rows.ts';
import type { UserRow } from './user-rows.ts';
import type { SignUpMode } from './settings.ts';
import type { User } from './types.ts';
import { noteChange } from './user-changes.ts';

/** `link`: null without COFFER_PUBLIC_URL; then the token alone is for the API. */
export type PrintedLink = { readonly token: string; readonly link: string | null; readonly expiresAt: Date };

/** `mail`: an e-mail follows if the address gets one. `operator`: there is no mail server, and an operator makes links. */
export type Delivery = 'mail' | 'operator';

export class Proofs {
  readonly delivery: Delivery;
  readonly signUp: SignUpMode;
  readonly #publicUrl: string | undefined;
  readonly #queries: Queries;
  readonly #store: IdentityStore;
  readonly #proofs: ProofStore;

  constructor(options: {
    readonly pool: pg.Pool;
    readonly delivery: Delivery;
    readonly signUp: SignUpMode;
    readonly publicUrl?: string | undefined;
  }) {
    this.delivery = options.delivery;
    this.signUp = options.signUp;
    this.#publicUrl = options.publicUrl;
    this.#queries = new Queries(options.pool);
    this.#store = new IdentityStore(options.pool);
    this.#proofs = new ProofStore(options.pool);
  }

  /**
   * Sends a link that proves the address, or sets a new password, to the account of this address, if there is one. The same answer
   * and the same work for every address. Refusal: email_invalid. Throws IdentityUnavailable.
   */
  async askFor(kind: 'proof' | 'reset', address: string): Promise<null | Refused> {
    const refusal = emailRefusal(address);
    if (refusal) return refused(refusal);
    await this.#mail({ kind, address, userId: null });
    return null;
  }

  /**
   * Proves an address by a link. A changed address replaces the earlier one, which gets a notice. Refusals: link_invalid, email_taken (the
   * link stays valid). Throws IdentityUnavailable.
   */
  async confirmEmail(token: string): Promise<User | Refused> {
    const hash = linkTokenHash(token);
    if (!hash) return refused('link_invalid');
    return await this.#unlessTaken(async (client) => {
      const link = await usesLink(client, 'email', hash);
      const stored = link && (await accountOfLink(client, link));
      if (!stored) return null;
      const { id, name, email, pendingEmail } = stored.user;
      const isPending = isSameAddress(pendingEmail, link.address);
      if (!isPending && !isSameAddress(email, link.address)) return null;
      const proved = await update(
        client,
        id,
        'email = $2, pending_email = case when $3 then null else pending_email end, email_proved_at = clock_timestamp(), email_proved_by = $4',
        [isPending ? pendingEmail : email, isPending, link.provedBy],
      );
      if (isPending && this.delivery === 'mail') {
        if (email !== null && stored.user.emailProvedAt) await addMail(client, { kind: 'email_changed', address: email, userId: id, name });
        await addMail(client, { kind: 'email_changed', address: link.address, userId: id, name });
      }
      return proved;
    });
  }

  /**
   * Sets a password by a link: every session and every other link of the account ends, and the address is proved. Refusals:
   * link_invalid, password_too_short, password_too_long, password_common. Throws IdentityOverloaded, IdentityUnavailable.
   */
  async resetPassword({ token, password }: { readonly token: string; readonly password: string }): Promise<User | Refused> {
    const hash = linkTokenHash(token);
    const found = hash && (await this.#proofs.find('reset', hash));
    const owner = found?.userId ? await this.#store.byId(found.userId) : null;
    if (!hash || !owner) return refused('link_invalid');
    const refusal = passwordRefusal(password, owner.user);
    if (refusal) return refused(refusal);
    const passwordHash = await hashPassword(password);
    return await this.#unlessTaken(async (client) => {
      const link = await usesLink(client, 'reset', hash);
      const stored = link && (await accountOfLink(client, link));
      if (!stored || !isSameAddress(stored.user.email, link.address)) return null;
      const { id, name, email } = stored.user;
      // Somebody who was in the account may have set the pending address.
      const changed = await update(
        client,
        id,
        `password_hash = $2, token_epoch = token_epoch + 1, pending_email = null, email_proved_at = coalesce(email_proved_at, clock_timestamp()),
         email_proved_by = case when email_proved_by is null or email_proved_by = 'upgrade' then $3 else email_proved_by end`,
        [passwordHash, link.provedBy],
      );
      if (email !== null && this.delivery === 'mail') await addMail(client, { kind: 'password_changed', address: email, userId: id, name });
      return changed;
    });
  }

  /** Sends an invitation. Refusals: sign_up_closed, email_invalid, name_invalid, email_taken. Throws IdentityUnavailable. */
  async invite({ email, name }: { readonly email: string; readonly name?: string | undefined }): Promise<null | Refused> {
    const refusal = await this.#invitationRefusal(email, name);
    if (refusal) return refusal;
    await this.#queries.transact(async (client) => {
      if (this.delivery === 'mail') await addMail(client, { kind: 'invitation', address: email, userId: null, name: name ?? null });
      await recordChange(client, invited);
    });
    return null;
  }

  /** Makes an invitation to hand over. Refusals: as `invite`. */
  async invitationLink(email: string): Promise<PrintedLink | Refused> {
    const refusal = await this.#invitationRefusal(email);
    if (refusal) return refusal;
    const made = await this.#printed('invitation', email, null, 'email_taken');
    if ('token' in made) await this.#queries.transact(async (client) => await recordChange(client, invited));
    return made;
  }

  /**
   * Makes a link to hand over, for the account's own address, and records who made it. `onlyFirstPassword`: of a plain user who has no
   * password and no linked subject. Refusals: user_not_found, user_suspended, email_invalid (there is no address), has_password,
   * has_other_login, staff_protected, nothing_to_prove. Throws IdentityUnavailable.
   */
  async link(
    id: string,
    purpose: Exclude<Purpose, 'invitation'>,
    { actor, onlyFirstPassword = false }: { readonly actor: string; readonly onlyFirstPassword?: boolean },
  ): Promise<PrintedLink | Refused> {
    const stored = isUuid(id.toLowerCase()) ? await this.#store.byId(id.toLowerCase()) : null;
    if (stored?.status !== 'active') return refused('user_not_found');
    const { user } = stored;
    if (user.suspendedAt) return refused('user_suspended');
    if (onlyFirstPassword && user.hasPassword) return refused('has_password');
    if (onlyFirstPassword && user.role !== 'user') return refused('staff_protected');
    if (onlyFirstPassword && (await this.#logsInElsewhere(user.id))) return refused('has_other_login');
    const address = (purpose === 'email' ? user.pendingEmail : null) ?? user.email;
    if (address === null) return refused('email_invalid');
    const made = await this.#printed(purpose, address, user.id, 'nothing_to_prove');
    if ('refusal' in made) return made;
    await this.#queries.transact(async (client) => await noteChange(client, user.id, actor, { kind: 'link_made', reason: purpose }));
    return made;
  }

  async #logsInElsewhere(userId: string): Promise<boolean> {
    const rows = await this.#queries.read({
      name: 'proof_subject_of_user',
      text: 'select from identity.subject where user_id = $1 limit 1',
      values: [userId],
    });
    return rows.length > 0;
  }

  async #invitationRefusal(email: string, name?: string): Promise<Refused | null> {
    if (this.signUp === 'off') return refused('sign_up_closed');
    const refusal = emailRefusal(email) ?? (name === undefined ? null : nameRefusal(name));
    if (refusal) return refused(refusal);
    return (await this.#store.byEmail(email)) ? refused('email_taken') : null;
  }

  async #printed(
    purpose: Purpose,
    address: string,
    userId: string | null,
    otherwise: 'email_taken' | 'nothing_to_prove',
  ): Promise<PrintedLink | Refused> {
    const made = await this.#proofs.make({ purpose, address, userId, mail: null });
    if (!made) return refused(otherwise);
    const { token, expiresAt } = made;
    return { token, link: this.#publicUrl === undefined ? null : linkOf(this.#publicUrl, purpose, token), expiresAt };
  }

  async #mail(mail: Parameters<typeof addMail>[1]): Promise<void> {
    if (this.delivery === 'mail') await this.#queries.transact(async (client) => await addMail(client, mail));
  }

  /** `work`: null undoes everything, the use of the link included. */
  async #unlessTaken(work: (client: pg.PoolClient) => Promise<User | null>): Promise<User | Refused> {
    try {
      return await this.#queries.transact(async (client) => {
        const user = await work(client);
        if (!user) throw new LinkInvalid();
        return user;
      });
    } catch (failure) {
      if (failure instanceof LinkInvalid) return refused('link_invalid');
      if (failure instanceof pg.DatabaseError && failure.constraint === 'users_email_living') return refused('email_taken');
      throw failure;
    }
  }
}

/** Without the address: records of changes are kept for good, and nobody has this account yet. */
const invited = { kind: 'users.invited', subject: 'invitation' } as const;

/** Rolls a transaction back. */
class LinkInvalid extends Error {
  override readonly name = 'LinkInvalid';
}

function isSameAddress(one: string | null, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

async function update(client: pg.ClientBase, id: string, set: string, values: readonly unknown[]): Promise<User | null> {
  const { rows } = await client.query<UserRow>(
    `update identity.users set ${set}, updated_at = clock_timestamp() where id = $1 returning ${userColumns}`,
    [id, ...values],
  );
  return rows[0] ? userFromRow(rows[0]).user : null;
}
