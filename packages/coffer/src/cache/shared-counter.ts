/** A counter that all processes share which use one Redis. */
import { hash } from 'node:crypto';
import type { Counter } from './counter.ts';
import type { RedisLink } from './redis-link.ts';

/** The counted request waits for it. */
const patienceMs = 40;

/** Key; limit per window, milliseconds of the window. Returns 0 when it was counted, else the milliseconds to wait. */
const take = `
  local taken = tonumber(redis.call('get', KEYS[1]) or '0')
  if taken >= tonumber(ARGV[1]) then
    local left = redis.call('pttl', KEYS[1])
    if left < 0 then redis.call('pexpire', KEYS[1], ARGV[2]) left = tonumber(ARGV[2]) end
    return math.max(left, 1)
  end
  if redis.call('incr', KEYS[1]) == 1 then redis.call('pexpire', KEYS[1], ARGV[2]) end
  return 0`;

/** Key. */
const giveBack = `
  if tonumber(redis.call('get', KEYS[1]) or '0') > 0 then redis.call('decr', KEYS[1]) end
  return 0`;

export class SharedCounter implements Counter {
  readonly #link: RedisLink;
  readonly #prefix: string;

  constructor(link: RedisLink, prefix: string) {
    this.#link = link;
    this.#prefix = prefix;
  }

  /** False while each process counts for itself. */
  get up(): boolean {
    return this.#link.up;
  }

  /** Null: Redis did not answer. */
  async take(key: string, perWindow: number, windowMs: number): Promise<number | null> {
    const left = await this.#link.ask((redis) => redis.eval(take, 1, this.#keyOf(key), perWindow, windowMs), patienceMs).catch(() => null);
    // What is not an answer of the script is none: a caller never waits for longer than a window.
    return typeof left === 'number' && left >= 0 ? Math.min(left, windowMs) : null;
  }

  async giveBack(key: string): Promise<void> {
    if (this.#link.up) await this.#link.ask((redis) => redis.eval(giveBack, 1, this.#keyOf(key)), patienceMs).catch(() => undefined);
  }

  /** Callers' addresses and e-mails do not leave this process. */
  #keyOf(key: string): string {
    return `${this.#prefix}:count:${hash('sha256', key, 'base64url')}`;
  }
}
