/** Sessions: authenticates a user by password, as a demo user, or by token. */
import { decodeProtectedHeader } from 'jose';
import type pg from 'pg';
import { isDemoUser } from './demo.ts';
import { Issuer } from './issuer.ts';
import type { IssuerSettings } from './issuer.ts';
import { verifyPassword } from './passwords.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { emailLengthMax, emailRefusal, passwordLengthMax } from './rules.ts';
import { IdentityStore } from './store.ts';
import type { StoredUser } from './store.ts';
import { ownAlgorithm, Tokens } from './tokens.ts';
import type { LoginAttempt, Session, User, UserPage } from './types.ts';

const userAgentLengthMax = 512;
const clientIpLengthMax = 64;

/** What a caller reports about itself, for the login log. */
export type Caller = {
  readonly clientIp?: string | undefined;
  readonly userAgent?: string | undefined;
};

export class Sessions {
  readonly #store: IdentityStore;
  readonly #tokens: Tokens;
  readonly #issuer: Issuer | null;

  /**
   * `jwtSecret`: at least 32 bytes; the same in every process that checks tokens. `issuer`: another issuer whose tokens are
   * trusted.
   */
  constructor(options: { readonly pool: pg.Pool; readonly jwtSecret: string; readonly issuer?: IssuerSettings | undefined }) {
    this.#store = new IdentityStore(options.pool);
    this.#tokens = new Tokens(options.jwtSecret);
    this.#issuer = options.issuer ? new Issuer(options.issuer) : null;
  }

  /**
   * By e-mail and password. Each attempt goes to the login log. An unknown address costs the same work and gets the same answer
   * as a wrong password. Refusal: credentials_wrong. Throws IdentityOverloaded, IdentityUnavailable.
   */
  async login(input: Caller & { readonly email: string; readonly password: string }): Promise<Session | Refused> {
    // Text that cannot be an address is not looked up: PostgreSQL rejects some of it.
    const found = emailRefusal(input.email) ? null : await this.#store.byEmail(input.email);
    const stored = found?.status === 'active' ? found : null;
    const matches = await verifyPassword(input.password.slice(0, passwordLengthMax + 1), stored?.passwordHash ?? null);
    await this.#log(input, stored, matches);
    return stored && matches ? await this.#begin(stored) : refused('credentials_wrong');
  }

  /** As one of the seeded demo users, without a password: only for a server in demo mode on loopback. Refusal: user_not_found. */
  async loginDemo(userId: string): Promise<Session | Refused> {
    const stored = isDemoUser(userId.toLowerCase()) ? await this.#store.byId(userId.toLowerCase()) : null;
    return stored?.status === 'active' ? await this.#begin(stored) : refused('user_not_found');
  }

  /**
   * Refusal: token_invalid, also for an intact token whose user was deleted or has a new password. Throws IdentityUnavailable.
   */
  async authenticate(token: string): Promise<User | Refused> {
    if (this.#issuer && isForeign(token)) return await this.#authenticateForeign(this.#issuer, token);
    const subject = await this.#tokens.read(token);
    const stored = subject && (await this.#store.byId(subject.userId));
    return stored?.status === 'active' && stored.tokenEpoch === subject?.epoch ? stored.user : refused('token_invalid');
  }

  /** Another issuer has no epochs: its tokens end when they expire, or with the user. */
  async #authenticateForeign(issuer: Issuer, token: string): Promise<User | Refused> {
    const userId = await issuer.read(token);
    const stored = userId && (await this.#store.byId(userId));
    return stored && stored.status === 'active' ? stored.user : refused('token_invalid');
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

  async #begin(stored: StoredUser): Promise<Session> {
    const made = await this.#tokens.make({ userId: stored.user.id, epoch: stored.tokenEpoch });
    return { ...made, user: stored.user };
  }

  async #log(input: Caller & { readonly email: string }, stored: StoredUser | null, success: boolean): Promise<void> {
    await this.#store.logAttempt({
      userId: stored?.user.id ?? null,
      email: storable(input.email, emailLengthMax),
      success,
      reason: success ? null : stored ? 'password_wrong' : 'user_unknown',
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
