/** Users: created together with their wallet, changed, soft-deleted. */
import type pg from 'pg';
import { assert, isUuid, newId } from '../kernel/index.ts';
import { creationOf, CreationTaken, findCreation } from './creations.ts';
import type { Creation } from './creations.ts';
import { linkTokenHash } from './links.ts';
import { IdentityUnavailable } from './outages.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { changeProfile } from './profile.ts';
import type { AccountRules } from './profile.ts';
import { ProofStore } from './proof-store.ts';
import { Queries } from './queries.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { emailRefusal, nameRefusal, passwordLengthMax, passwordRefusal } from './rules.ts';
import { IdentityStore } from './store.ts';
import { openWalletMsMax } from './types.ts';
import type { StoredUser } from './user-rows.ts';
import { UserControl } from './user-control.ts';
import type { Decision } from './user-control.ts';
import type { ListedUsers, UserListing } from './listing.ts';
import type { CloseWallets, Role, User, WalletOpening, WalletProvisioner } from './types.ts';

/** Longer than any call that creates a user, so that repair never interferes with one in progress. */
const pendingAgeMs = openWalletMsMax + 10_000;
const repairedAtOnce = 100;

export type RepairReport = {
  readonly activated: number;
  readonly rolledBack: number;
  readonly left: number;
};

export class Users {
  readonly #store: IdentityStore;
  readonly #control: UserControl;
  readonly #queries: Queries;
  readonly #proofs: ProofStore;
  readonly #wallets: WalletProvisioner;
  readonly #rules: AccountRules;

  /** `rules`: about e-mail; neither proofs nor e-mails if absent. */
  constructor(options: { readonly pool: pg.Pool; readonly wallets: WalletProvisioner; readonly rules?: AccountRules | undefined }) {
    this.#store = new IdentityStore(options.pool);
    this.#control = new UserControl(options.pool);
    this.#queries = new Queries(options.pool);
    this.#proofs = new ProofStore(options.pool);
    this.#wallets = options.wallets;
    this.#rules = options.rules ?? { requiresProof: false, mails: false };
  }

  /**
   * Creates a user without a password, and the user's wallet in the default asset. Refusals: email_invalid, name_invalid,
   * email_taken, wallet_provisioning_failed. Throws IdentityUnavailable.
   */
  async create(input: { readonly email: string; readonly name: string }): Promise<User | Refused> {
    return await this.#create(input, null, { isRecorded: true });
  }

  /**
   * The same, once for each key of a caller: sent again, it answers with the user of the first time, as it is now. `key_reused`: the
   * key was used for another user. Further refusal: user_not_found (deleted since).
   */
  async createOnce(
    input: { readonly email: string; readonly name: string },
    { actor, key }: { readonly actor: string; readonly key: string },
  ): Promise<{ readonly user: User; readonly isReplay: boolean } | Refused | 'key_reused'> {
    const creation = creationOf(actor, key, input);
    const earlier = await this.#createdEarlier(creation);
    if (earlier) return earlier;
    const made = await this.#create(input, null, { creation, isRecorded: true }).catch((failure: unknown) => {
      if (failure instanceof CreationTaken) return null;
      throw failure;
    });
    // The same call may have run at the same moment.
    if (made === null || ('refusal' in made && made.refusal.code === 'email_taken'))
      return (await this.#createdEarlier(creation)) ?? made ?? refused('email_taken');
    return 'refusal' in made ? made : { user: made, isReplay: false };
  }

  /** The same with a password. Further refusals: password_too_short, password_too_long, password_common. Also throws IdentityOverloaded. */
  async signUp(input: { readonly email: string; readonly name: string; readonly password: string }): Promise<User | Refused> {
    const refusal = passwordRefusal(input.password, input);
    if (refusal) return refused(refusal);
    return await this.#create(input, input.password);
  }

  /**
   * Signs up by an invitation, whose address it proves. If the user is not created, the invitation stays valid. Refusals: as
   * `signUp`, and link_invalid.
   */
  async acceptInvitation(input: { readonly token: string; readonly name: string; readonly password: string }): Promise<User | Refused> {
    const invitation = linkTokenHash(input.token);
    const link = invitation && (await this.#proofs.find('invitation', invitation));
    if (!link) return refused('link_invalid');
    const refusal = passwordRefusal(input.password, { email: link.address, name: input.name });
    if (refusal) return refused(refusal);
    const made = await this.#create({ email: link.address, name: input.name }, input.password, { invitation });
    const isUsedMeanwhile =
      'refusal' in made && made.refusal.code === 'email_taken' && !(await this.#proofs.find('invitation', invitation));
    return isUsedMeanwhile ? refused('link_invalid') : made;
  }

  /** By id, ignoring case. Refusal: user_not_found. */
  async get(id: string): Promise<User | Refused> {
    const wanted = id.toLowerCase();
    const found = isUuid(wanted) ? await this.#store.byId(wanted) : null;
    return found?.user ?? refused('user_not_found');
  }

  /** By id or e-mail address, for people who look a user up; no decision may rest on an address. Refusal: user_not_found. */
  async find(idOrEmail: string): Promise<User | Refused> {
    return emailRefusal(idOrEmail) ? await this.get(idOrEmail) : await this.findByEmail(idOrEmail);
  }

  /** In any spelling. Refusal: user_not_found. */
  async findByEmail(email: string): Promise<User | Refused> {
    const found = emailRefusal(email) ? null : await this.#store.byEmail(email);
    return found?.user ?? refused('user_not_found');
  }

  /** Which of the ids, as given, belong to no user. */
  async unknownAmong(ids: readonly string[]): Promise<string[]> {
    const wanted = ids.map((id) => id.toLowerCase()).filter(isUuid);
    const living = new Set(wanted.length === 0 ? [] : await this.#store.livingAmong(wanted));
    return ids.filter((id) => !living.has(id.toLowerCase()));
  }

  /** Active users, newest first unless `order` is asc. Refusal: cursor_invalid. */
  async list(listing: UserListing): Promise<ListedUsers | Refused> {
    return (await this.#store.list(listing)) ?? refused('cursor_invalid');
  }

  /**
   * Changes name, e-mail and password; ignores other fields of the object. A new password revokes every token. Users with a
   * password must prove that they know it to change the password or the address: a stolen token must not be enough to take over
   * the account. Refusals: nothing_to_update, name_invalid, email_invalid, password_too_short, password_too_long,
   * current_password_wrong, email_taken, user_not_found. Also throws IdentityOverloaded.
   */
  async update(
    user: Pick<User, 'id'>,
    input: {
      readonly name?: string | undefined;
      readonly email?: string | undefined;
      readonly password?: string | undefined;
      readonly currentPassword?: string | undefined;
    },
  ): Promise<User | Refused> {
    const { name, email, password } = input;
    if (name === undefined && email === undefined && password === undefined) return refused('nothing_to_update');
    const refusal =
      (name === undefined ? null : nameRefusal(name)) ??
      (email === undefined ? null : emailRefusal(email)) ??
      (password === undefined ? null : passwordRefusal(password, await this.#ownerAfter(user.id, { name, email })));
    if (refusal) return refused(refusal);
    if ((email !== undefined || password !== undefined) && !(await this.#knowsPassword(user.id, input.currentPassword)))
      return refused('current_password_wrong');
    const passwordHash = password === undefined ? undefined : await hashPassword(password);
    const changed = await changeProfile(this.#queries, user.id, { name, email, passwordHash }, this.#rules);
    if (changed === 'email_taken') return refused('email_taken');
    return changed?.user ?? refused('user_not_found');
  }

  /**
   * Sets a user's role, by id. `actor`: as logs name callers. Refusals: user_not_found, last_admin, email_unproved (where addresses have
   * to be proved, to become staff).
   */
  async setRole(id: string, role: Role, actor: string): Promise<User | Refused> {
    return await this.#control.setRole(id.toLowerCase(), role, actor, this.#rules.requiresProof);
  }

  /** The user can neither log in nor use tokens. Refusals: user_not_found, own_account, staff_protected, last_admin. */
  async suspend(id: string, input: Decision): Promise<User | Refused> {
    return await this.#control.suspend(id.toLowerCase(), input);
  }

  /** Ends every session of a user, also those of another issuer's tokens. Refusals: user_not_found, staff_protected. */
  async endSessions(id: string, input: Decision): Promise<User | Refused> {
    return await this.#control.endSessions(id.toLowerCase(), input);
  }

  /**
   * Removes every second factor of a user who has lost them, and ends the user's sessions. Only at the command line: over the API it
   * would make the password enough. Refusal: user_not_found.
   */
  async resetFactors(id: string, input: Pick<Decision, 'actor' | 'reason'>): Promise<User | Refused> {
    return await this.#control.resetFactors(id.toLowerCase(), input);
  }

  /** Ends a suspension; earlier tokens stay invalid. Refusals: user_not_found, staff_protected. */
  async reinstate(id: string, input: Decision): Promise<User | Refused> {
    return await this.#control.reinstate(id.toLowerCase(), input);
  }

  /**
   * Soft-deletes: the row stays, the user is gone, the tokens stop working, and the address is free for a new account. The
   * wallets are closed first, so that no money can arrive for a deleted user; the result is what prevents that. After a crash in
   * between, the user still exists, and deleting again finishes it. Refusals: user_not_found, last_admin.
   */
  async softDelete<Obstacle extends object>(
    user: Pick<User, 'id'>,
    closeWallets: CloseWallets<Obstacle>,
  ): Promise<{ readonly deletedAt: Date } | { readonly obstacle: Obstacle } | Refused> {
    if (await this.#control.isLastAdmin(user.id)) return refused('last_admin');
    const obstacle = await closeWallets(user.id);
    if (obstacle) return { obstacle };
    const deletedAt = await this.#store.softDelete(user.id);
    return deletedAt ? { deletedAt } : refused('user_not_found');
  }

  /**
   * The same by staff, recorded with its reason. Further refusals: own_account, staff_protected, and whatever keeps the wallets open.
   */
  async deleteByStaff<Obstacle extends object>(
    id: string,
    decision: Decision,
    closeWallets: CloseWallets<Obstacle>,
  ): Promise<{ readonly deletedAt: Date } | { readonly obstacle: Obstacle } | Refused> {
    const wanted = id.toLowerCase();
    const refusal = await this.#control.delete(wanted, decision, false);
    if (refusal && 'refusal' in refusal) return refusal;
    const obstacle = await closeWallets(wanted);
    if (obstacle) return { obstacle };
    const deleted = await this.#control.delete(wanted, decision, true);
    assert(deleted !== null, 'a deletion has a time');
    return 'refusal' in deleted ? deleted : { deletedAt: deleted };
  }

  /** Sets a password without the current one, at the command line. Refusals: as for a new password, user_not_found. */
  async setPassword(id: string, password: string, actor: string): Promise<User | Refused> {
    const user = await this.get(id);
    if ('refusal' in user) return user;
    const refusal = passwordRefusal(password, user);
    return refusal ? refused(refusal) : await this.#control.setPassword(user.id, await hashPassword(password), actor, this.#rules.mails);
  }

  /** Where e-mail for the user may go: null for a user who is gone, or whose address is not proved where it has to be. */
  async addressOf(userId: string): Promise<string | null> {
    const user = await this.get(userId);
    if ('refusal' in user || (this.#rules.requiresProof && !user.emailProvedAt)) return null;
    return user.email;
  }

  /** Finishes users that a crash or a lost answer left pending: opens the wallet, or finds it open, and activates the user. */
  async repair(options: { readonly olderThanMs?: number } = {}): Promise<RepairReport> {
    const pending = await this.#store.pendingOlderThan(options.olderThanMs ?? pendingAgeMs, repairedAtOnce);
    const report = { activated: 0, rolledBack: 0, left: pending.length };
    for (const { user } of pending) {
      const opening = await this.#openWallet(user.id);
      // The wallets service is unavailable: the others would fail as well.
      if (opening.status === 'unavailable' || opening.status === 'unknown') break;
      const settled = await this.#settle(user.id, opening.status === 'opened' ? 'active' : 'rolled_back');
      report.left--;
      if (settled) report[opening.status === 'opened' ? 'activated' : 'rolledBack']++;
    }
    return report;
  }

  /** True for users without a password: demo users, and those created over gRPC. */
  /** The address and the name that the user will have. */
  async #ownerAfter(
    userId: string,
    { name, email }: { readonly name: string | undefined; readonly email: string | undefined },
  ): Promise<Pick<User, 'name' | 'email'>> {
    const stored = await this.#store.byId(userId);
    return { name: name ?? stored?.user.name ?? '', email: email ?? stored?.user.email ?? null };
  }

  async #knowsPassword(userId: string, given: string | undefined): Promise<boolean> {
    const stored = await this.#store.byId(userId);
    const hash = stored?.passwordHash ?? null;
    if (hash === null) return true;
    return given !== undefined && (await verifyPassword(given.slice(0, passwordLengthMax + 1), hash));
  }

  /** What an earlier call under the key has made; null if none has, or it came to nothing. */
  async #createdEarlier(creation: Creation): Promise<{ readonly user: User; readonly isReplay: true } | Refused | 'key_reused' | null> {
    const earlier = await findCreation(this.#queries, creation);
    if (!earlier || (earlier.wasRolledBack && earlier.isSame)) return null;
    if (!earlier.isSame) return 'key_reused';
    const stored = await this.#store.byId(earlier.userId);
    if (!stored) return refused('user_not_found');
    const user = stored.status === 'pending' ? await this.#provision(stored.user) : stored.user;
    return 'refusal' in user ? user : { user, isReplay: true };
  }

  async #create(
    { email, name }: { readonly email: string; readonly name: string },
    password: string | null,
    under: { readonly creation?: Creation; readonly invitation?: Buffer; readonly isRecorded?: boolean } = {},
  ): Promise<User | Refused> {
    const refusal = emailRefusal(email) ?? nameRefusal(name);
    if (refusal) return refused(refusal);
    const passwordHash = password === null ? null : await hashPassword(password);
    const pending = await this.#store.insertPending({ id: newId(), email, name, passwordHash, ...under });
    if (!pending) return refused('email_taken');
    return await this.#provision(pending.user);
  }

  async #settle(id: string, status: 'active' | 'rolled_back'): Promise<StoredUser | null> {
    return await this.#store.settle(id, status, this.#rules.requiresProof && this.#rules.mails);
  }

  /** The user is committed as pending. From here on, `repair` handles everything with an uncertain outcome. */
  async #provision({ id }: User): Promise<User | Refused> {
    const opening = await this.#openWallet(id);
    if (opening.status === 'unknown') throw new IdentityUnavailable('unknown', { cause: new Error(opening.reason) });
    try {
      if (opening.status === 'opened') {
        const active = (await this.#settle(id, 'active')) ?? (await this.#store.byId(id));
        return active?.user ?? refused('wallet_provisioning_failed', { reason: 'the user was rolled back in the meantime' });
      }
      await this.#settle(id, 'rolled_back');
      return refused('wallet_provisioning_failed', { reason: opening.reason });
    } catch (failure) {
      // "Nothing was done" cannot be claimed either: the user stays pending, and repair will finish it.
      throw failure instanceof IdentityUnavailable ? new IdentityUnavailable('unknown', { cause: failure }) : failure;
    }
  }

  /**
   * Opens the wallet; if the answer is lost, checks whether it exists. A call that is still in progress after the check can only
   * leave an empty wallet under a user id that was never returned.
   */
  async #openWallet(userId: string): Promise<WalletOpening> {
    const opening = await this.#wallets.openWallet(userId);
    if (opening.status !== 'unknown') return opening;
    const exists = await this.#wallets.hasWallet(userId);
    if (exists === 'unknown') return opening;
    return exists ? { status: 'opened' } : { status: 'unavailable', reason: opening.reason };
  }
}
