/** How many passwords of an account may be guessed in a minute: from one address, and from anywhere. */
import type { Access, Attempts } from '../access/index.ts';

const perMinute = {
  /** From one address. Not for all accounts together: behind a proxy everybody has one address. */
  guess: 10,
  /** From all addresses: whoever has many of them keeps the owner from logging in rather than guessing on. */
  account: 30,
} as const;

type Bound = keyof typeof perMinute;

const bounds: readonly Bound[] = ['guess', 'account'];

/** What is counted, by bound: those that are named apply. */
export type Guess = Partial<Readonly<Record<Bound, string>>>;

export class LoginTries {
  readonly #bounds: Readonly<Record<Bound, Attempts>>;

  constructor(access: Access) {
    const bound = (name: Bound) => access.attempts(`logins by ${name}`, perMinute[name]);
    this.#bounds = { guess: bound('guess'), account: bound('account') };
  }

  static guess(clientIp: string, email: string): Guess {
    const account = email.toLowerCase();
    return { guess: `${clientIp} ${account}`, account };
  }

  /** By somebody who has a token of the account already. */
  static ofOwn(userId: string): Guess {
    return { guess: userId };
  }

  /** Counts a try that is about to be made, and answers null; or, without counting it, the seconds until there are tries again. */
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

  /** For a try that told nobody anything about a password. */
  giveBack(guess: Guess): void {
    for (const name of bounds) {
      const key = guess[name];
      if (key !== undefined) this.#bounds[name].giveBack(key);
    }
  }
}
