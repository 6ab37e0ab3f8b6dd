/** Sessions: authenticates a user by password, as a demo user, or by token. */
import { decodeProtectedHeader } from 'jose';
import type pg from 'pg';
import { isUuid, newId } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { Devices } from './devices.ts';
import { isDemoUser } from './demo.ts';
import { Issuer } from './issuer.ts';
import type { IssuerSettings } from './issuer.ts';
import { verifyPassword } from './passwords.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { emailLengthMax, emailRefusal, passwordLengthMax } from './rules.ts';
import { IdentityStore } from './store.ts';
import type { StoredUser } from './user-rows.ts';
import { SessionStore } from './session-store.ts';
import { lifetimeMs, ownAlgorithm, Tokens } from './tokens.ts';
import type { Login, LoginAttempt, Session, User, UserPage } from './types.ts';

const userAgentLengthMax = 512;
const clientIpLengthMax = 64;

/** What a caller reports about itself, for the login log. */
export type Caller = {
  readonly clientIp?: string | undefined;
  readonly userAgent?: string | undefined;
};

/** `sessionId`: null for a token of another issuer. */
type Authenticated = { readonly user: User; readonly sessionId: string | null };

export class Sessions {
  readonly #store: IdentityStore;
  readonly #sessions: SessionStore;
  readonly #tokens: Tokens;
  readonly #devices: Devices;
  readonly #issuer: Issuer | null;
  readonly #requiresProof: boolean;

  /**
   * `jwtSecret`: at least 32 bytes; the same in every process that checks tokens. `previousJwtSecret`: verifies, but does not sign. `issuer`: another issuer whose tokens are
   * trusted. `staffIdleMs`: how long a session of staff may be idle; unlimited if absent. `requiresProof`:
   * only users who have proved their address log in.
   */
  constructor(options: {
    readonly pool: pg.Pool;
    readonly jwtSecret: string;
    readonly previousJwtSecret?: string | undefined;
    readonly issuer?: IssuerSettings | undefined;
    readonly staffIdleMs?: number | undefined;
    readonly requiresProof?: boolean | undefined;
    readonly log?: Log | undefined;
  }) {
    this.#store = new IdentityStore(options.pool);
    this.#sessions = new SessionStore(options.pool, options.staffIdleMs ?? null);
    const previous = options.previousJwtSecret === undefined ? [] : [options.previousJwtSecret];
    this.#tokens = new Tokens(options.jwtSecret, ...previous);
    this.#devices = new Devices([options.jwtSecret, ...previous]);
    this.#requiresProof = options.requiresProof ?? false;
    this.#issuer = options.issuer ? new Issuer(options.issuer, options.log) : null;
  }

  /**
   * By e-mail and password. Each attempt goes to the login log. An unknown address costs the same work and gets the same answer
   * as a wrong password. Refusals: credentials_wrong, user_suspended, email_unproved. Throws IdentityOverloaded, IdentityUnavailable.
   */
  async login(input: Caller & { readonly email: string; readonly password: string }): Promise<Login | Refused> {
    // Text that cannot be an address is not looked up: PostgreSQL rejects some of it.
    const found = emailRefusal(input.email) ? null : await this.#store.byEmail(input.email);
    const stored = found?.status === 'active' ? found : null;
    const matches = await verifyPassword(input.password.slice(0, passwordLengthMax + 1), stored?.passwordHash ?? null);
    const obstacle = matches && stored ? this.#obstacleTo(stored.user) : null;
    await this.#log(input, stored, matches, obstacle);
    if (!stored || !matches) return refused('credentials_wrong');
    // Only somebody who knows the password learns of it.
    return obstacle ? refused(obstacle) : await this.#begin(stored, input);
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
    return stored?.status === 'active' ? await this.#begin(stored, caller) : refused('user_not_found');
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
    return { user: found.user, sessionId: subject.sessionId };
  }

  /** Another issuer has no sessions here: its tokens end when they expire, or with the user. */
  async #authenticateForeign(issuer: Issuer, token: string): Promise<Authenticated | Refused> {
    const userId = await issuer.read(token);
    const stored = userId && (await this.#store.byId(userId));
    const isValid = stored && stored.status === 'active' && !stored.user.suspendedAt;
    return isValid ? { user: stored.user, sessionId: null } : refused('token_invalid');
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

  async #begin(stored: StoredUser, caller: Caller): Promise<Login | Refused> {
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
    });
    if (!begun) return refused('credentials_wrong');
    return { ...(await this.#tokens.make({ userId: id, sessionId })), sessionId, user: stored.user };
  }

  #obstacleTo({ suspendedAt, emailProvedAt }: User): 'user_suspended' | 'email_unproved' | null {
    if (suspendedAt) return 'user_suspended';
    return this.#requiresProof && !emailProvedAt ? 'email_unproved' : null;
  }

  async #log(
    input: Caller & { readonly email: string },
    stored: StoredUser | null,
    matches: boolean,
    obstacle: 'user_suspended' | 'email_unproved' | null,
  ): Promise<void> {
    const success = matches && !obstacle;
    await this.#store.logAttempt({
      userId: stored?.user.id ?? null,
      email: storable(input.email, emailLengthMax),
      success,
      reason: success ? null : matches ? obstacle : stored ? 'password_wrong' : 'user_unknown',
      clientIp: storable(input.clientIp, clientIpLengthMax),
      userAgent: storable(input.userAgent, userAgentLengthMax),
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
