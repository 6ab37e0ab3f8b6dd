/** The types of identity: users, and what identity needs from wallets. */

/** A user can access their own resources; the others are staff, whose duties are in duties.ts. */
export const roles = ['user', 'support', 'treasury', 'risk', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export type EmailProof = 'link' | 'operator' | 'upgrade';

/** A user, who can own wallets. Deleted users are never returned. */
export type User = {
  readonly id: string;
  /** The account number that people see: 1 is the treasury, 2 and 3 are the demo users, the others follow. */
  readonly number: number;
  /** Null for the demo users. Unique among living users, ignoring case. */
  readonly email: string | null;
  readonly name: string;
  readonly role: Role;
  /** False for users created over gRPC and for the demo users: they cannot log in with a password. */
  readonly hasPassword: boolean;
  /** Since when the address is proved; null if it is not. */
  readonly emailProvedAt: Date | null;
  /** How: by a link that was mailed or that an operator printed, or because the account is older than proofs. */
  readonly emailProvedBy: EmailProof | null;
  /** The address that replaces `email` once it is proved. */
  readonly pendingEmail: string | null;
  /** Since when the user can neither log in nor use tokens; null if not suspended. */
  readonly suspendedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** A page, newest first; `next` is the cursor of the next page, null on the last. */
export type UserPage<T> = { readonly items: readonly T[]; readonly next: string | null };

/** A login: its token, and the session that the token names. */
export type Login = { readonly token: string; readonly sessionId: string; readonly expiresAt: Date; readonly user: User };

/** A session that is still valid. */
export type Session = {
  readonly id: string;
  readonly createdAt: Date;
  /** To a quarter of a minute. */
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly clientIp: string | null;
  readonly userAgent: string | null;
};

/** A second factor that a user has enrolled. */
export type Factor = {
  readonly id: string;
  readonly kind: 'totp' | 'passkey';
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
};

/** A subject of another token issuer that belongs to a user. */
export type Subject = {
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
  readonly createdAt: Date;
  /** As logs name callers. */
  readonly createdBy: string;
};

/** One login attempt. `reason` says why it failed, for the account's owner and operators, never for the caller. */
export type LoginAttempt = {
  readonly id: string;
  readonly email: string | null;
  readonly success: boolean;
  readonly reason:
    | 'password_wrong'
    | 'user_unknown'
    | 'user_suspended'
    | 'email_unproved'
    | 'second_factor_required'
    | 'second_factor_wrong'
    | null;
  readonly clientIp: string | null;
  readonly userAgent: string | null;
  readonly at: Date;
};

/**
 * The outcome of opening a user's wallet. `unavailable` and `refused`: it was certainly not opened, and a retry can or cannot
 * help. `unknown`: the answer was lost.
 */
export type WalletOpening =
  | { readonly status: 'opened' }
  | { readonly status: 'unavailable' | 'refused' | 'unknown'; readonly reason: string };

/** The longest that `openWallet` may take. */
export const openWalletMsMax = 20_000;

/** The wallets service, as identity needs it. Neither method throws, and both answer within their own deadline. */
export type WalletProvisioner = {
  /** Opens the user's wallet in the default asset; an existing wallet counts as opened. */
  openWallet(userId: string): Promise<WalletOpening>;
  /** Whether that wallet exists. */
  hasWallet(userId: string): Promise<boolean | 'unknown'>;
};

/** Closes all wallets of a user permanently; returns what prevents it, or null. */
export type CloseWallets<Obstacle extends object> = (userId: string) => Promise<Obstacle | null>;
