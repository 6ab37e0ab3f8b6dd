/**
 * The connection to Redis: up or down, and never waited for. Any failure ends it, and until a new one is up, its users do without.
 */
import { Redis } from 'ioredis';
import { Backoff, hidePasswords } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';

const connectMs = 1_000;
const reconnectMs = { first: 200, most: 5_000 } as const;

export type RedisOptions = {
  readonly url: string;
  readonly log: Log;
};

export class RedisLink {
  readonly #options: RedisOptions;
  #redis: Redis | null = null;
  readonly #backoff = new Backoff(reconnectMs);
  #isLossLogged = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;

  private constructor(options: RedisOptions) {
    this.#options = options;
  }

  /** Waits for the first attempt, and continues in the background when that failed. */
  static async open(options: RedisOptions): Promise<RedisLink> {
    const link = new RedisLink(options);
    await link.#connect();
    return link;
  }

  get up(): boolean {
    return this.#redis !== null;
  }

  /** Throws when there is no answer in time; then Redis is down, for every user of the link. */
  async ask<T>(question: (redis: Redis) => Promise<T>, patienceMs: number): Promise<T> {
    const redis = this.#redis;
    if (!redis) throw new Error('Redis is unavailable');
    try {
      return await within(question(redis), patienceMs);
    } catch (failure) {
      this.#lose(redis, failure);
      throw failure;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#redis?.disconnect();
    this.#redis = null;
  }

  async #connect(): Promise<void> {
    const { url, log } = this.#options;
    // One connection without retries: an unanswered command is dropped, and nothing waits for a connection.
    const redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: connectMs,
      commandTimeout: connectMs,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      connectionName: 'coffer',
    });
    let reason: unknown = null;
    redis.on('error', (failure) => {
      reason ??= failure;
    });
    redis.on('close', () => this.#lose(redis, reason ?? new Error('the connection ended')));
    try {
      await within(redis.connect(), 2 * connectMs);
      if (this.#stopped) return redis.disconnect();
      this.#redis = redis;
      this.#backoff.reset();
      if (this.#isLossLogged) log.info('Redis is available again');
      this.#isLossLogged = false;
    } catch (failure) {
      redis.disconnect();
      this.#comeBack(reason ?? failure);
    }
  }

  #lose(redis: Redis, failure: unknown): void {
    if (this.#redis !== redis) return;
    this.#redis = null;
    redis.disconnect();
    this.#comeBack(failure);
  }

  #comeBack(failure: unknown): void {
    if (this.#stopped) return;
    if (!this.#isLossLogged) {
      const reason = hidePasswords(failure instanceof Error ? failure.message : String(failure));
      this.#options.log.warn(
        { reason },
        'Redis is unavailable: histories come from the database, and each process counts requests for itself',
      );
    }
    this.#isLossLogged = true;
    const delayMs = this.#backoff.nextMs();
    this.#retry = setTimeout(() => void this.#connect(), delayMs).unref();
  }
}

/** A process that was busy for longer than that first reads what has arrived: its own slowness is not Redis' silence. */
async function within<T>(answer: Promise<T>, patienceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => setImmediate(() => setImmediate(() => reject(new Error(`no answer within ${patienceMs} ms`)))), patienceMs);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
