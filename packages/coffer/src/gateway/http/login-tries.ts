/**
 * Limits failed tries of passwords and second factors: from one address, on one account, and in total. The longer the tries go on, the longer the wait:
 * each bound has windows of a minute, ten minutes and an hour. A device that has logged in before has a bound of its own, so that
 * the guesses of others do not shut it out.
 */
import type { Access, RateLimiter } from '../access/index.ts';
import { networkKeyOf } from '../network/index.ts';

const minuteMs = 60_000;
const windows = [minuteMs, 10 * minuteMs, 60 * minuteMs] as const;

/** Failed tries per window. */
const bounds = {
  /** On one account from one address. */
  guess: [10, 20, 40],
  /** On one account from all addresses: an attacker with many addresses can shut out new devices, but not continue guessing. */
  account: [30, 60, 120],
  /** From one address on all accounts. Behind a proxy that is not trusted, all callers share one address. */
  address: [60, 180, 600],
  /** By one known device. */
  device: [10, 20, 40],
  /** Of second factors, on one account from anywhere, whichever login they belong to: a new login brings no new tries. */
  factor: [5, 15, 30],
  /** By everybody. */
  total: [1_000, 4_000, 12_000],
} as const;

type Bound = keyof typeof bounds;
const boundNames = Object.keys(bounds) as readonly Bound[];

/** The keys to count, by bound: only the bounds named apply. */
export type Guess = Partial<Readonly<Record<Bound, string>>>;

type Taken = { readonly limiter: RateLimiter; readonly key: string };

export class LoginTries {
  readonly #limiters: Readonly<Record<Bound, readonly RateLimiter[]>>;

  constructor(access: Access) {
    const limiters = (name: Bound) =>
      windows.map((windowMs, at) => access.rateLimiter(`logins by ${name} in ${windowMs}`, bounds[name][at] ?? 0, windowMs));
    this.#limiters = {
      guess: limiters('guess'),
      account: limiters('account'),
      address: limiters('address'),
      device: limiters('device'),
      factor: limiters('factor'),
      total: limiters('total'),
    };
  }

  static guess(clientIp: string, email: string): Guess {
    const account = email.toLowerCase();
    const address = networkKeyOf(clientIp);
    return { guess: `${address} ${account}`, account, address, total: '' };
  }

  /** By a device that has proved an earlier login to the account. */
  static ofDevice(device: string): Guess {
    return { device };
  }

  /** Of a second factor, by a caller that knows the password or has a token of the account. */
  static ofFactor(userId: string): Guess {
    return { factor: userId };
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
    const taken: Taken[] = [];
    for (const { limiter, key } of this.#of(guess)) {
      const spent = await limiter.take(key);
      if (spent !== null) {
        for (const earlier of taken) earlier.limiter.giveBack(earlier.key);
        return spent;
      }
      taken.push({ limiter, key });
    }
    return null;
  }

  /**
   * Makes a try of something secret; it stays counted only if it was a wrong guess. `spent`: not made, and the seconds until tries are
   * left again.
   */
  async make<T>(guess: Guess, attempt: () => Promise<T>, isWrong: (outcome: T) => boolean): Promise<{ spent: number } | { outcome: T }> {
    const spent = await this.take(guess);
    if (spent !== null) return { spent };
    const outcome = await attempt().catch((outage: unknown) => {
      this.giveBack(guess);
      throw outage;
    });
    if (!isWrong(outcome)) this.giveBack(guess);
    return { outcome };
  }

  /** For a try that revealed nothing about a password. */
  giveBack(guess: Guess): void {
    for (const { limiter, key } of this.#of(guess)) limiter.giveBack(key);
  }

  /** The longest window first: it names the longest wait. */
  #of(guess: Guess): Taken[] {
    return boundNames.flatMap((name) => {
      const key = guess[name];
      return key === undefined ? [] : this.#limiters[name].toReversed().map((limiter) => ({ limiter, key }));
    });
  }
}
