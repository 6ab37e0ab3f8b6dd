/** Users: made together with their wallet, changed, deleted softly. */
import type pg from 'pg';
import { isUuid, newId } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { emailRefusal, nameRefusal, passwordLengthMax, passwordRefusal } from './rules.ts';
import { IdentityStore } from './store.ts';
import type { CloseWallets, Role, User, UserPage, WalletOpening, WalletProvisioner } from './types.ts';

/** Longer than any call that makes a user takes, so that repair never meets one that is still at it. */
const pendingAgeMs = 30_000;
const repairedAtOnce = 100;

export type RepairReport = {
  readonly activated: number;
  readonly rolledBack: number;
  readonly left: number;
};

export class Users {
  readonly #store: IdentityStore;
  readonly #wallets: WalletProvisioner;

  constructor(options: { readonly pool: pg.Pool; readonly wallets: WalletProvisioner }) {
    this.#store = new IdentityStore(options.pool);
    this.#wallets = options.wallets;
  }

  /**
   * Makes a user without a password, and the user's wallet in the default asset.
   * Refusals: email_invalid, name_invalid, email_taken, wallet_provisioning_failed. Throws IdentityUnavailable.
   */
  async create(asked: { readonly email: string; readonly name: string }): Promise<User | Refused> {
    return await this.#create(asked, async () => null);
  }

  /** The same with a password. Further refusals: password_too_short, password_too_long. Also throws IdentityOverloaded. */
  async signUp(asked: { readonly email: string; readonly name: string; readonly password: string }): Promise<User | Refused> {
    const refusal = passwordRefusal(asked.password);
    if (refusal) return refused(refusal);
    return await this.#create(asked, () => hashPassword(asked.password));
  }

  /** By id, in either case of letters. Refusal: user_not_found. */
  async get(id: string): Promise<User | Refused> {
    const wanted = id.toLowerCase();
    const found = isUuid(wanted) ? await this.#store.byId(wanted) : null;
    return found?.user ?? refused('user_not_found');
  }

  /** Those of the ids, as they are given, that are no user's. */
  async unknownAmong(ids: readonly string[]): Promise<string[]> {
    const wanted = ids.map((id) => id.toLowerCase()).filter(isUuid);
    const living = new Set(wanted.length === 0 ? [] : await this.#store.livingAmong(wanted));
    return ids.filter((id) => !living.has(id.toLowerCase()));
  }

  /** Active users, newest first. `cursor`: a `next` of an earlier page. Refusal: cursor_invalid. */
  async list(asked: { readonly limit: number; readonly cursor?: string | undefined }): Promise<UserPage<User> | Refused> {
    const before = asked.cursor === undefined ? Number.MAX_SAFE_INTEGER : numberOfCursor(asked.cursor);
    if (before === null) return refused('cursor_invalid');
    const found = await this.#store.activeBefore(before, asked.limit + 1);
    const items = found.slice(0, asked.limit).map(({ user }) => user);
    return { items, next: found.length > asked.limit ? String(items.at(-1)?.number) : null };
  }

  /**
   * Changes name, e-mail and password, nothing else, whatever else the object holds. A new password withdraws every token.
   * Who has a password proves to know it before the password or the address changes: a token that was found somewhere must not be
   * enough to take the account over.
   * Refusals: nothing_to_update, name_invalid, email_invalid, password_too_short, password_too_long, current_password_wrong,
   * email_taken, user_not_found. Also throws IdentityOverloaded.
   */
  async update(
    user: Pick<User, 'id'>,
    asked: {
      readonly name?: string | undefined;
      readonly email?: string | undefined;
      readonly password?: string | undefined;
      readonly currentPassword?: string | undefined;
    },
  ): Promise<User | Refused> {
    const { name, email, password } = asked;
    if (name === undefined && email === undefined && password === undefined) return refused('nothing_to_update');
    const refusal =
      (name === undefined ? null : nameRefusal(name)) ??
      (email === undefined ? null : emailRefusal(email)) ??
      (password === undefined ? null : passwordRefusal(password));
    if (refusal) return refused(refusal);
    if ((email !== undefined || password !== undefined) && !(await this.#knowsPassword(user.id, asked.currentPassword)))
      return refused('current_password_wrong');
    const changed = await this.#store.update(user.id, {
      ...(name !== undefined && { name }),
      ...(email !== undefined && { email }),
      ...(password !== undefined && { passwordHash: await hashPassword(password) }),
    });
    if (changed === 'email_taken') return refused('email_taken');
    return changed?.user ?? refused('user_not_found');
  }

  /** Gives a user a role; by id or e-mail address. Refusal: user_not_found. */
  async setRole(idOrEmail: string, role: Role): Promise<User | Refused> {
    const wanted = idOrEmail.toLowerCase();
    const id = isUuid(wanted) ? wanted : emailRefusal(wanted) ? null : (await this.#store.byEmail(wanted))?.user.id;
    const changed = id ? await this.#store.setRole(id, role) : null;
    return changed?.user ?? refused('user_not_found');
  }

  /**
   * Deletes softly: the row stays, the user is gone, the tokens stop working, the e-mail is free for a new and different account.
   * The wallets are closed first, so that nothing can be paid to nobody; what stands against that is the answer. After a crash in
   * between the user is still there, and deleting again finishes it. Refusal: user_not_found.
   */
  async softDelete<Obstacle extends object>(
    user: Pick<User, 'id'>,
    closeWallets: CloseWallets<Obstacle>,
  ): Promise<{ readonly deletedAt: Date } | { readonly obstacle: Obstacle } | Refused> {
    const obstacle = await closeWallets(user.id);
    if (obstacle) return { obstacle };
    const deletedAt = await this.#store.softDelete(user.id);
    return deletedAt ? { deletedAt } : refused('user_not_found');
  }

  /** Finishes what a crash or a lost answer left pending: opens the wallet, or finds it open, and activates the user. */
  async repair(options: { readonly olderThanMs?: number } = {}): Promise<RepairReport> {
    const pending = await this.#store.pendingOlderThan(options.olderThanMs ?? pendingAgeMs, repairedAtOnce);
    const report = { activated: 0, rolledBack: 0, left: pending.length };
    for (const { user } of pending) {
      const opening = await this.#openWallet(user.id);
      // The wallets service is away: the others would fare no better.
      if (opening.status === 'unavailable' || opening.status === 'unknown') break;
      const settled = await this.#store.settle(user.id, opening.status === 'opened' ? 'active' : 'rolled_back');
      report.left--;
      if (settled) report[opening.status === 'opened' ? 'activated' : 'rolledBack']++;
    }
    return report;
  }

  /** True for who has no password to know: demo users, and those made over gRPC. */
  async #knowsPassword(userId: string, given: string | undefined): Promise<boolean> {
    const stored = await this.#store.byId(userId);
    const hash = stored?.passwordHash ?? null;
    if (hash === null) return true;
    return given !== undefined && (await verifyPassword(given.slice(0, passwordLengthMax + 1), hash));
  }

  async #create(asked: { readonly email: string; readonly name: string }, hash: () => Promise<string | null>): Promise<User | Refused> {
    const refusal = emailRefusal(asked.email) ?? nameRefusal(asked.name);
    if (refusal) return refused(refusal);
    const { email, name } = asked;
    const pending = await this.#store.insertPending({
      id: newId(),
      email,
      name,
      passwordHash: await hash(),
    });
    if (!pending) return refused('email_taken');
    return await this.#provision(pending.user);
  }

  /** The user is committed as pending. From here on, whatever is not known for certain is left to `repair`. */
  async #provision({ id }: User): Promise<User | Refused> {
    const opening = await this.#openWallet(id);
    if (opening.status === 'unknown') throw new IdentityUnavailable('unknown', { cause: new Error(opening.reason) });
    try {
      if (opening.status === 'opened') {
        const active = (await this.#store.settle(id, 'active')) ?? (await this.#store.byId(id));
        return active?.user ?? refused('wallet_provisioning_failed', { reason: 'the user was rolled back meanwhile' });
      }
      await this.#store.settle(id, 'rolled_back');
      return refused('wallet_provisioning_failed', { reason: opening.reason });
    } catch (failure) {
      // Not even "nothing was done" can be said: the user stays pending, and repair will make it.
      throw failure instanceof IdentityUnavailable ? new IdentityUnavailable('unknown', { cause: failure }) : failure;
    }
  }

  /**
   * Opens the wallet; when the answer is lost, looks whether it is there. A call that is still under way after the look can
   * only leave an empty wallet of a user id that nobody was ever told.
   */
  async #openWallet(userId: string): Promise<WalletOpening> {
    const opening = await this.#wallets.openWallet(userId);
    if (opening.status !== 'unknown') return opening;
    const exists = await this.#wallets.hasWallet(userId);
    if (exists === 'unknown') return opening;
    return exists ? { status: 'opened' } : { status: 'unavailable', reason: opening.reason };
  }
}

function numberOfCursor(cursor: string): number | null {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : null;
}
