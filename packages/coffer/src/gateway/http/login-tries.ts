/** Limits how many passwords of an account can be guessed per minute: from one address, and in total. */
import type { Access, RateLimiter } from '../access/index.ts';

const perMinute = {
  /** From one address. Not across all accounts: behind a proxy all callers share one address. */
  guess: 10,
  /** From all addresses: an attacker with many addresses can block the owner's login, but not continue guessing. */
  account: 30,
} as const;

type Bound = keyof typeof perMinute;

const bounds: readonly Bound[] = ['guess', 'account'];

/** The keys to count, by bound: only the bounds named apply. */
export type Guess = Partial<Readonly<Record<Bound, string>>>;

export class LoginTries {
  readonly #bounds: Readonly<Record<Bound, RateLimiter>>;

  constructor(access: Access) {
    const bound = (name: Bound) => access.rateLimiter(`logins by ${name}`, perMinute[name]);
    this.#bounds = { guess: bound('guess'), account: bound('account') };
  }

  static guess(clientIp: string, email: string): Guess {
    const account = email.toLowerCase();
    return { guess: `${clientIp} ${account}`, account };
  }

  /** By a caller that already has a token of the account. */
  static ofOwn(userId: string): Guess {
    return { guess: userId };
  }

  /**
   * Counts a try that is about to be made and returns null; or, without counting it, returns the seconds until tries are left
   * again.
   */
  async take(guess: Guess): Promise<number | null> {
    const taken: Guess[] = [];
    for (const name of bounds) {
      const key = guess[name];
      if (key === undefined) continue;
      const spent = await this.#bounds[name].take(key);
      if (spent !== null) {
        for (const earlier of taken) this.giveBack(earlier);
        return spent;
      }
      taken.push({ [name]: key });
    }
    return null;
  }

  /** For a try that revealed nothing about a password. */
  giveBack(guess: Guess): void {
    for (const name of bounds) {
      const key = guess[name];
      if (key !== undefined) this.#bounds[name].giveBack(key);
    }
  }
}
