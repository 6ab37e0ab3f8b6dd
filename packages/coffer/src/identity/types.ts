/** The words of identity: who a user is, and what identity needs to know of wallets. */

/** What a user may do beyond the own: an operator sees to all wallets, an admin also to users' roles and API keys. */
export const roles = ['user', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Someone who can own wallets. A deleted user is nobody: no method answers with one. */
export type User = {
  readonly id: string;
  /** The account number that people see: 1 is the treasury, 2 and 3 are the demo users, the others follow. */
  readonly number: number;
  /** Null for the demo users. Unique among the living, whatever the case of its letters. */
  readonly email: string | null;
  readonly name: string;
  readonly role: Role;
  /** False for users created over gRPC and for the demo users: nobody can log in as them with a password. */
  readonly hasPassword: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** A page, newest first; `next` begins the following one and is null on the last. */
export type UserPage<T> = { readonly items: readonly T[]; readonly next: string | null };

export type Session = { readonly token: string; readonly expiresAt: Date; readonly user: User };

/** One attempt to log in. `reason` says why it failed, for the owner of the account and operators, never for the caller. */
export type LoginAttempt = {
  readonly id: string;
  readonly email: string | null;
  readonly success: boolean;
  readonly reason: 'password_wrong' | 'user_unknown' | null;
  readonly clientIp: string | null;
  readonly userAgent: string | null;
  readonly at: Date;
};

/**
 * What became of opening a user's wallet. `unavailable` and `refused`: it was certainly not opened, and trying again later
 * can help or cannot. `unknown`: the answer was lost.
 */
export type WalletOpening =
  | { readonly status: 'opened' }
  | { readonly status: 'unavailable' | 'refused' | 'unknown'; readonly reason: string };

/** The wallets service, as identity needs it. Neither method throws, and both answer within a deadline of their own. */
export type WalletProvisioner = {
  /** Opens the user's wallet in the default asset; a wallet that exists already counts as opened. */
  openWallet(userId: string): Promise<WalletOpening>;
  /** Whether that wallet exists. */
  hasWallet(userId: string): Promise<boolean | 'unknown'>;
};

/** Closes all wallets of a user for good; answers with what stands against it, or null. */
export type CloseWallets<Obstacle extends object> = (userId: string) => Promise<Obstacle | null>;
