/**
 * The connection to Redis: up or down, and never waited for. Any failure ends it, and until a new one is up, its users do without. A new
 * connection first starts a new epoch of the cache, because invalidations of this process may have been missed in the meantime, and this
 * Redis may have lost earlier ones.
 */
import { Redis } from 'ioredis';
import { Backoff, hidePasswords, newId } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { scripts } from './redis-scripts.ts';
import type { ScriptName } from './redis-scripts.ts';

const connectMs = 1_000;
const reconnectMs = { first: 200, most: 5_000 } as const;
const epochSeconds = 604_800;
/** Incremented with any change of the stored values or their format, so that processes that read them differently keep apart. */
const format = 1;

export type RedisOptions = {
  readonly url: string;
  /** Separates different databases in one Redis. */
  readonly namespace: string;
  readonly log: Log;
};

type Live = { readonly redis: Redis; readonly digests: Readonly<Record<string, string>> };

export class RedisLink {
  /** The key of the epoch, and the prefix of everything in the cache. */
  readonly root: string;
  readonly #options: RedisOptions;
  #live: Live | null = null;
  #missed = 0;
  readonly #backoff = new Backoff(reconnectMs);
  #toldAway = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;

  private constructor(options: RedisOptions) {
    this.#options = options;
    this.root = `coffer:${format}:${options.namespace}`;
  }

  /** Waits for the first attempt, and continues in the background when that failed. */
  static async open(options: RedisOptions): Promise<RedisLink> {
    const link = new RedisLink(options);
    await link.#connect();
    return link;
  }

  get up(): boolean {
    return this.#live !== null;
  }

  /** Records an invalidation that Redis misses while it is down. */
  miss(): void {
    this.#missed++;
  }

  /** Throws when there is no answer in time; then Redis is down, for every user of the link. */
  async ask(script: ScriptName, key: string, values: readonly (string | number)[], patienceMs: number): Promise<unknown> {
    const live = this.#live;
    if (!live) throw new Error('Redis is unavailable');
    try {
      return await within(live.redis.evalsha(live.digests[script] ?? '', 1, key, ...values), patienceMs);
    } catch (failure) {
      this.#lose(live.redis, failure);
      throw failure;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#live?.redis.disconnect();
    this.#live = null;
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
      const digests: Record<string, string> = {};
      for (const [name, text] of Object.entries(scripts)) digests[name] = String(await redis.script('LOAD', text));
      await this.#beginEpoch(redis);
      if (this.#stopped) return redis.disconnect();
      this.#live = { redis, digests };
      this.#backoff.reset();
      if (this.#toldAway) log.info('Redis is available again');
      this.#toldAway = false;
    } catch (failure) {
      redis.disconnect();
      this.#comeBack(reason ?? failure);
    }
  }

  /** An invalidation that was missed while the epoch was on its way may affect values read under it: then start another one. */
  async #beginEpoch(redis: Redis): Promise<void> {
    for (let missed = -1; missed !== this.#missed;) {
      missed = this.#missed;
      await redis.set(this.root, newId(), 'EX', epochSeconds);
    }
  }

  #lose(redis: Redis, failure: unknown): void {
    if (this.#live?.redis !== redis) return;
    this.#live = null;
    redis.disconnect();
    this.#comeBack(failure);
  }

  #comeBack(failure: unknown): void {
    if (this.#stopped) return;
    if (!this.#toldAway) {
      const reason = hidePasswords(failure instanceof Error ? failure.message : String(failure));
      this.#options.log.warn({ reason }, 'Redis is unavailable: reads come from the database, and each process counts requests for itself');
    }
    this.#toldAway = true;
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
