/** Identity on its own database, with wallets that always open. */
import { Sessions } from '../../packages/coffer/src/identity/sessions.ts';
import type { Login, User, WalletProvisioner } from '../../packages/coffer/src/identity/types.ts';
import { Users } from '../../packages/coffer/src/identity/users.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

export const jwtSecret = 'a secret that is only ever used in tests';
export const password = 'correct horse battery';
export const credentialsWrong = { refusal: { code: 'credentials_wrong', facts: {} } };
export const walletsThatOpen: WalletProvisioner = { openWallet: async () => ({ status: 'opened' }), hasWallet: async () => true };

export type TestIdentity = {
  readonly database: TestDatabase;
  readonly users: Users;
  readonly sessions: Sessions;
  /** A new user with `password`. */
  readonly signUp: (email: string) => Promise<User>;
  readonly login: (email: string) => Promise<Login>;
};

export async function createTestIdentity(wallets: WalletProvisioner = walletsThatOpen): Promise<TestIdentity> {
  const database = await createTestDatabase();
  const users = new Users({ pool: database.pool, wallets });
  const sessions = new Sessions({ pool: database.pool, jwtSecret });
  return {
    database,
    users,
    sessions,
    async signUp(email) {
      const made = await users.signUp({ email, name: 'Jane Doe', password });
      if ('refusal' in made) throw new Error(made.refusal.code);
      return made;
    },
    async login(email) {
      const session = await sessions.login({ email, password });
      if ('refusal' in session) throw new Error(session.refusal.code);
      return session;
    },
  };
}
