/** Sessions: authenticates a user by password and second factor, as a demo user, or by token. */
import { decodeProtectedHeader } from 'jose';
import type pg from 'pg';
import { isUuid, newId } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { Challenges } from './challenges.ts';
import { Devices } from './devices.ts';
import { isDemoUser } from './demo.ts';
import { Factors } from './factors.ts';
import type { GivenFactor } from './factors.ts';
import { clockToleranceSeconds, Issuer } from './issuer.ts';
import type { IssuerSettings } from './issuer.ts';
import type { PasskeyOptions } from './passkeys.ts';
import { verifyPassword } from './passwords.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { emailLengthMax, emailRefusal, passwordLengthMax } from './rules.ts';
import { IdentityStore } from './store.ts';
import type { StoredUser } from './user-rows.ts';
import { freshMinutes, SessionStore } from './session-store.ts';
import { lifetimeMs, ownAlgorithm, Tokens } from './tokens.ts';
import type { Login, LoginAttempt, Session, User, UserPage } from './types.ts';

const userAgentLengthMax = 512;
const clientIpLengthMax = 64;

/** What a caller reports about itself, for the login log. */
export type Caller = {
  readonly clientIp?: string | undefined;
  readonly userAgent?: string | undefined;
};

/** What a caller proves who they are with, again: one of them. */
export type GivenProof = Pick<GivenFactor, 'passcode' | 'passkey'> & { readonly currentPassword?: string | undefined };

/** As in a principal; `sessionId`: null for a token of another issuer. */
type Authenticated = { readonly user: User; readonly sessionId: string | null; readonly proved: boolean; readonly limited: boolean };

export class Sessions {
  readonly #store: IdentityStore;
  readonly #sessions: SessionStore;
  readonly #tokens: Tokens;
  readonly #devices: Devices;
  readonly #issuer: Issuer | null;
  readonly #challenges: Challenges;
  readonly #factors: Factors;
  readonly #requiresProof: boolean;

  /**
   * `jwtSecret`: at least 32 bytes; the same in every process that checks tokens. `previousJwtSecret`: verifies, but does not sign. `issuer`: another issuer whose tokens are
   * trusted. `staffIdleMs`: how long a session of staff may be idle; unlimited if absent. `requiresProof`: only users who have proved their address log in. `factors`: if
   * absent, without passkeys, and with a key derived from `jwtSecret`.
   */
  constructor(options: {
    readonly pool: pg.Pool;
    readonly jwtSecret: string;
    readonly previousJwtSecret?: string | undefined;
    readonly issuer?: IssuerSettings | undefined;
    readonly staffIdleMs?: number | undefined;
    readonly factors?: Factors | undefined;
    readonly requiresProof?: boolean | undefined;
    readonly log?: Log | undefined;
  }) {
    this.#store = new IdentityStore(options.pool);
    this.#sessions = new SessionStore(options.pool, options.staffIdleMs ?? null);
    const previous = options.previousJwtSecret === undefined ? [] : [options.previousJwtSecret];
    this.#tokens = new Tokens(options.jwtSecret, ...previous);
    this.#devices = new Devices([options.jwtSecret, ...previous]);
    this.#challenges = new Challenges(options.pool);
    this.#factors = options.factors ?? new Factors({ pool: options.pool, factorKey: options.jwtSecret });
    this.#requiresProof = options.requiresProof ?? false;
    this.#issuer = options.issuer ? new Issuer(options.issuer, options.log) : null;
  }

  /**
   * By e-mail and password. Each attempt goes to the login log. An unknown address costs the same work and gets the same answer
   * as a wrong password. A user who has a second factor gets a login ticket, with which `finishLogin` continues: the refusal
   * second_factor_required. Refusals: credentials_wrong, user_suspended, email_unproved. Throws IdentityOverloaded, IdentityUnavailable.
   */
  async login(input: Caller & { readonly email: string; readonly password: string }): Promise<Login | Refused> {
    // Text that cannot be an address is not looked up: PostgreSQL rejects some of it.
    const found = emailRefusal(input.email) ? null : await this.#store.byEmail(input.email);
    const stored = found?.status === 'active' ? found : null;
    const matches = await verifyPassword(input.password.slice(0, passwordLengthMax + 1), stored?.passwordHash ?? null);
    const email = input.email;
    if (!stored || !matches) {
      await this.#log(input, stored?.user.id ?? null, email, stored ? 'password_wrong' : 'user_unknown');
      return refused('credentials_wrong');
    }
    const { hasFactor, ways } = await this.#factors.waysOf(stored.user.id);
    const obstacle = this.#obstacleTo(stored.user);
    // Only somebody who knows the password learns of an obstacle, and of the factors.
    await this.#log(input, stored.user.id, email, obstacle ?? (hasFactor ? 'second_factor_required' : null));
    if (obstacle) return refused(obstacle);
    if (!hasFactor) return await this.#begin(stored, input, { secondFactor: false });
    const ticket = await this.#challenges.issueTicket(stored.user.id, stored.tokenEpoch);
    return ticket === null ? refused('credentials_wrong') : refused('second_factor_required', { ticket, ways: ways.join(' ') });
  }

  /** The user of a login ticket; null if it expired or was used. Throws IdentityUnavailable. */
  async userOfTicket(ticket: string): Promise<string | null> {
    return await this.#challenges.userOf('login', ticket);
  }

  /**
   * Continues a login with a second factor. A wrong one can be tried again, a right one uses the ticket up. Each attempt goes to the
   * login log. Refusals: ticket_invalid, second_factor_wrong, factor_unreadable, passkeys_off. Throws IdentityUnavailable.
   */
  async finishLogin(input: Caller & GivenFactor & { readonly ticket: string }): Promise<Login | Refused> {
    const userId = await this.#challenges.userOf('login', input.ticket);
    const stored = userId && (await this.#store.byId(userId));
    if (!stored) return refused('ticket_invalid');
    const { id, email } = stored.user;
    const refusal = await this.#factors.prove(id, input, 'passkey_login');
    if (refusal) {
      await this.#log(input, id, email, 'second_factor_wrong');
      return refusal;
    }
    if (!(await this.#challenges.take(id, 'login', input.ticket))) return refused('ticket_invalid');
    await this.#log(input, id, email, null);
    return await this.#begin(stored, input, { secondFactor: true });
  }

  /** Options for a browser to continue a login with a passkey. Refusals: ticket_invalid, passkeys_off. */
  async challengeOfTicket(ticket: string): Promise<PasskeyOptions | Refused> {
    const userId = await this.#challenges.userOf('login', ticket);
    return userId === null ? refused('ticket_invalid') : await this.#factors.challenge(userId, 'passkey_login');
  }

  /**
   * The user of a session proves who they are again; null if it is proved. Users who have a second factor prove that, others their
   * password. Refusals: factor_proof_required, current_password_wrong, second_factor_wrong, factor_unreadable, passkeys_off. Throws
   * IdentityOverloaded, IdentityUnavailable.
   */
  async prove({ userId, sessionId }: { readonly userId: string; readonly sessionId: string }, given: GivenProof): Promise<Refused | null> {
    const isPassword = given.currentPassword !== undefined;
    const refusal = isPassword
      ? await this.#provePassword(userId, given.currentPassword)
      : await this.#factors.prove(userId, { passcode: given.passcode, passkey: given.passkey }, 'passkey_proof');
    if (!refusal) await this.#sessions.noteProof(sessionId, !isPassword);
    return refusal;
  }

  async #provePassword(userId: string, password: string): Promise<Refused | null> {
    if ((await this.#factors.waysOf(userId)).hasFactor) return refused('factor_proof_required');
    const stored = await this.#store.byId(userId);
    const matches = await verifyPassword(password.slice(0, passwordLengthMax + 1), stored?.passwordHash ?? null);
    return matches ? null : refused('current_password_wrong');
  }

  /** A proof for the device of a login, to send with the next one. */
  proveDevice(user: Pick<User, 'id'>): string {
    return this.#devices.prove(user.id);
  }

  /** The device of a proof, if it proves an earlier login to the account of this address; else null. Throws IdentityUnavailable. */
  async knownDevice(proof: string, email: string): Promise<string | null> {
    const found = this.#devices.read(proof);
    const stored = found && (await this.#store.byId(found.userId));
    return found && stored?.user.email?.toLowerCase() === email.toLowerCase() ? found.device : null;
  }

  /** As one of the seeded demo users, without a password: only for a server in demo mode on loopback. Refusals: user_not_found, user_suspended. */
  async loginDemo(userId: string, caller: Caller = {}): Promise<Login | Refused> {
    const stored = isDemoUser(userId.toLowerCase()) ? await this.#store.byId(userId.toLowerCase()) : null;
    return stored?.status === 'active' ? await this.#begin(stored, caller, { secondFactor: false }) : refused('user_not_found');
  }

  /**
   * The user and the session of a token; `isUse`: notes that the session was used. Refusal: token_invalid, also for an intact token
   * whose session ended or whose user was deleted, suspended or given a new password. Throws IdentityUnavailable.
   */
  async authenticate(token: string, { isUse } = { isUse: true }): Promise<Authenticated | Refused> {
    if (this.#issuer && isForeign(token)) return await this.#authenticateForeign(this.#issuer, token);
    const subject = await this.#tokens.read(token);
    const found = subject && (await this.#sessions.living(subject.sessionId));
    if (!found || found.user.id !== subject.userId) return refused('token_invalid');
    // A call neither waits for it nor fails with it.
    if (isUse && !found.usedLately) this.#sessions.noteUse(subject.sessionId).catch(() => undefined);
    const limited = this.#factors.isBound(found.user) && !found.hasSecondFactor;
    return { user: found.user, sessionId: subject.sessionId, proved: found.provedLately, limited };
  }

  /** Another issuer has no sessions here: its tokens end when they expire, with the user, or when staff end the user's sessions. */
  async #authenticateForeign(issuer: Issuer, token: string): Promise<Authenticated | Refused> {
    const login = await issuer.read(token);
    if (!login) return refused('token_invalid');
    const stored = await this.#store.ofForeignLogin({ ...login, toleranceSeconds: clockToleranceSeconds });
    if (!stored) issuer.refuse('its sub is neither linked to a user nor the id of one');
    else if (!stored.isCurrent) issuer.refuse("it was issued before its user's sessions were ended");
    if (!stored?.isCurrent || stored.status !== 'active' || stored.user.suspendedAt) return refused('token_invalid');
    const limited = this.#factors.isBound(stored.user) && !login.usedSeveralFactors;
    if (limited) issuer.refuse('it is for staff, and neither its amr nor its acr says that more than one factor was used');
    const proved = Date.now() / 1_000 - login.provedAt < freshMinutes * 60;
    return { user: stored.user, sessionId: null, proved, limited };
  }

  /** The valid sessions of a user, newest first. */
  async list(user: Pick<User, 'id'>): Promise<Session[]> {
    return await this.#sessions.ofUser(user.id);
  }

  /** Ends a session; its token stops working. Refusal: session_not_found. */
  async end(user: Pick<User, 'id'>, sessionId: string): Promise<null | Refused> {
    const wanted = sessionId.toLowerCase();
    return isUuid(wanted) && (await this.#sessions.end(user.id, { id: wanted })) > 0 ? null : refused('session_not_found');
  }

  /** Ends every session of a user but `kept`; returns how many. */
  async endAll(user: Pick<User, 'id'>, kept: string | null): Promise<number> {
    return await this.#sessions.end(user.id, { kept });
  }

  /** Attempts to log in as the user, newest first. `cursor`: the `next` of an earlier page. Refusal: cursor_invalid. */
  async attempts(
    user: Pick<User, 'id'>,
    input: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<UserPage<LoginAttempt> | Refused> {
    const before = input.cursor === undefined ? String(Number.MAX_SAFE_INTEGER) : input.cursor;
    if (!/^\d{1,16}$/.test(before)) return refused('cursor_invalid');
    const found = await this.#store.attemptsBefore(user.id, Number(before), input.limit + 1);
    const items = found.slice(0, input.limit);
    return { items, next: found.length > input.limit ? String(items.at(-1)?.id) : null };
  }

  async #begin(stored: StoredUser, caller: Caller, { secondFactor }: { readonly secondFactor: boolean }): Promise<Login | Refused> {
    const { id } = stored.user;
    if (stored.user.suspendedAt) return refused('user_suspended');
    const sessionId = newId();
    const begun = await this.#sessions.begin({
      id: sessionId,
      userId: id,
      epoch: stored.tokenEpoch,
      liveMs: lifetimeMs,
      clientIp: storable(caller.clientIp, clientIpLengthMax),
      userAgent: storable(caller.userAgent, userAgentLengthMax),
      secondFactor,
    });
    if (!begun) return refused('credentials_wrong');
    return { ...(await this.#tokens.make({ userId: id, sessionId })), sessionId, user: stored.user };
  }

  #obstacleTo({ suspendedAt, emailProvedAt }: User): 'user_suspended' | 'email_unproved' | null {
    if (suspendedAt) return 'user_suspended';
    return this.#requiresProof && !emailProvedAt ? 'email_unproved' : null;
  }

  /** `reason`: why the attempt failed; null if it succeeded. */
  async #log(caller: Caller, userId: string | null, email: string | null, reason: LoginAttempt['reason']): Promise<void> {
    await this.#store.logAttempt({
      userId,
      email: storable(email ?? undefined, emailLengthMax),
      success: reason === null,
      reason,
      clientIp: storable(caller.clientIp, clientIpLengthMax),
      userAgent: storable(caller.userAgent, userAgentLengthMax),
    });
  }
}

/**
 * Decides only who checks the token: ours use the one algorithm that no other issuer may use, so neither passes for the other.
 */
function isForeign(token: string): boolean {
  try {
    return decodeProtectedHeader(token).alg !== ownAlgorithm;
  } catch {
    return false;
  }
}

/** Makes hostile text fit for a text column: truncated, NUL and lone surrogates replaced. */
function storable(text: string | undefined, lengthMax: number): string | null {
  return text?.slice(0, lengthMax).replaceAll('\0', '\uFFFD').toWellFormed() ?? null;
}
