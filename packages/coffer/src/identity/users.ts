/** Users: created together with their wallet, changed, soft-deleted. */
import type pg from 'pg';
import { isUuid, newId } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { emailRefusal, nameRefusal, passwordLengthMax, passwordRefusal } from './rules.ts';
import { IdentityStore } from './store.ts';
import { openWalletMsMax } from './types.ts';
import { UserControl } from './user-control.ts';
import type { Decision } from './user-control.ts';
import type { CloseWallets, Role, User, UserPage, WalletOpening, WalletProvisioner } from './types.ts';

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
  readonly #wallets: WalletProvisioner;

  constructor(options: { readonly pool: pg.Pool; readonly wallets: WalletProvisioner }) {
    this.#store = new IdentityStore(options.pool);
    this.#control = new UserControl(options.pool);
    this.#wallets = options.wallets;
  }

  /**
   * Creates a user without a password, and the user's wallet in the default asset. Refusals: email_invalid, name_invalid,
   * email_taken, wallet_provisioning_failed. Throws IdentityUnavailable.
   */
  async create(input: { readonly email: string; readonly name: string }): Promise<User | Refused> {
    return await this.#create(input, async () => null, true);
  }

  /** The same with a password. Further refusals: password_too_short, password_too_long, password_common. Also throws IdentityOverloaded. */
  async signUp(input: { readonly email: string; readonly name: string; readonly password: string }): Promise<User | Refused> {
    const refusal = passwordRefusal(input.password, input);
    if (refusal) return refused(refusal);
    return await this.#create(input, () => hashPassword(input.password));
  }

  /** By id, ignoring case. Refusal: user_not_found. */
  async get(id: string): Promise<User | Refused> {
    const wanted = id.toLowerCase();
    const found = isUuid(wanted) ? await this.#store.byId(wanted) : null;
    return found?.user ?? refused('user_not_found');
  }

  /** By id or e-mail address, for people who look a user up; no decision may rest on an address. Refusal: user_not_found. */
  async find(idOrEmail: string): Promise<User | Refused> {
    if (emailRefusal(idOrEmail)) return await this.get(idOrEmail);
    return (await this.#store.byEmail(idOrEmail))?.user ?? refused('user_not_found');
  }

  /** Which of the ids, as given, belong to no user. */
  async unknownAmong(ids: readonly string[]): Promise<string[]> {
    const wanted = ids.map((id) => id.toLowerCase()).filter(isUuid);
    const living = new Set(wanted.length === 0 ? [] : await this.#store.livingAmong(wanted));
    return ids.filter((id) => !living.has(id.toLowerCase()));
  }

  /** Active users, newest first. `cursor`: the `next` of an earlier page. Refusal: cursor_invalid. */
  async list(input: { readonly limit: number; readonly cursor?: string | undefined }): Promise<UserPage<User> | Refused> {
    const before = input.cursor === undefined ? Number.MAX_SAFE_INTEGER : numberOfCursor(input.cursor);
    if (before === null) return refused('cursor_invalid');
    const found = await this.#store.activeBefore(before, input.limit + 1);
    const items = found.slice(0, input.limit).map(({ user }) => user);
    return { items, next: found.length > input.limit ? String(items.at(-1)?.number) : null };
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
      (password === undefined
        ? null
        : passwordRefusal(password, { ...(email !== undefined && { email }), ...(name !== undefined && { name }) }));
    if (refusal) return refused(refusal);
    if ((email !== undefined || password !== undefined) && !(await this.#knowsPassword(user.id, input.currentPassword)))
      return refused('current_password_wrong');
    const changed = await this.#store.update(user.id, {
      ...(name !== undefined && { name }),
      ...(email !== undefined && { email }),
      ...(password !== undefined && { passwordHash: await hashPassword(password) }),
    });
    if (changed === 'email_taken') return refused('email_taken');
    return changed?.user ?? refused('user_not_found');
  }

  /**
   * Sets a user's role, by id only: nobody has proved an e-mail address. `actor`: as logs name callers. Refusals: user_not_found,
   * last_admin.
   */
  async setRole(id: string, role: Role, actor: string): Promise<User | Refused> {
    return await this.#control.setRole(id.toLowerCase(), role, actor);
  }

  /** The user can neither log in nor use tokens. Refusals: user_not_found, own_account, staff_protected, last_admin. */
  async suspend(id: string, input: Decision): Promise<User | Refused> {
    return await this.#control.suspend(id.toLowerCase(), input);
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

  /** Finishes users that a crash or a lost answer left pending: opens the wallet, or finds it open, and activates the user. */
  async repair(options: { readonly olderThanMs?: number } = {}): Promise<RepairReport> {
    const pending = await this.#store.pendingOlderThan(options.olderThanMs ?? pendingAgeMs, repairedAtOnce);
    const report = { activated: 0, rolledBack: 0, left: pending.length };
    for (const { user } of pending) {
      const opening = await this.#openWallet(user.id);
      // The wallets service is unavailable: the others would fail as well.
      if (opening.status === 'unavailable' || opening.status === 'unknown') break;
      const settled = await this.#store.settle(user.id, opening.status === 'opened' ? 'active' : 'rolled_back');
      report.left--;
      if (settled) report[opening.status === 'opened' ? 'activated' : 'rolledBack']++;
    }
    return report;
  }

  /** True for users without a password: demo users, and those created over gRPC. */
  async #knowsPassword(userId: string, given: string | undefined): Promise<boolean> {
    const stored = await this.#store.byId(userId);
    const hash = stored?.passwordHash ?? null;
    if (hash === null) return true;
    return given !== undefined && (await verifyPassword(given.slice(0, passwordLengthMax + 1), hash));
  }

  async #create(
    input: { readonly email: string; readonly name: string },
    hash: () => Promise<string | null>,
    recorded = false,
  ): Promise<User | Refused> {
    const refusal = emailRefusal(input.email) ?? nameRefusal(input.name);
    if (refusal) return refused(refusal);
    const { email, name } = input;
    const pending = await this.#store.insertPending({
      id: newId(),
      email,
      name,
      passwordHash: await hash(),
      recorded,
    });
    if (!pending) return refused('email_taken');
    return await this.#provision(pending.user);
  }

  /** The user is committed as pending. From here on, `repair` handles everything with an uncertain outcome. */
  async #provision({ id }: User): Promise<User | Refused> {
    const opening = await this.#openWallet(id);
    if (opening.status === 'unknown') throw new IdentityUnavailable('unknown', { cause: new Error(opening.reason) });
    try {
      if (opening.status === 'opened') {
        const active = (await this.#store.settle(id, 'active')) ?? (await this.#store.byId(id));
        return active?.user ?? refused('wallet_provisioning_failed', { reason: 'the user was rolled back in the meantime' });
      }
      await this.#store.settle(id, 'rolled_back');
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

function numberOfCursor(cursor: string): number | null {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : null;
}
