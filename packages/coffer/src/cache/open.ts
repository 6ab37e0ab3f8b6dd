/** The configured cache of a process that reads and posts: in Redis, in memory while it is alone, or none. */
import { loadOptional } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Cache, CacheCounts, Change } from './cache.ts';
import { Peers } from './peers.ts';
import { MemoryCache } from './memory.ts';
import { RedisCache } from './redis-cache.ts';
import { SharedCounter } from './shared-counter.ts';

export type CacheStatus = CacheCounts & { readonly kind: 'redis' | 'memory'; readonly on: boolean };

export type OpenedCache = {
  /** Null for a process without a ledger. */
  readonly cache: Cache | null;
  /** Null without Redis: each process counts for itself. */
  readonly counter: SharedCounter | null;
  /** Await this before answering a change. Never fails. */
  readonly changed: (changes: readonly Change[]) => Promise<void> | void;
  status(): CacheStatus | null;
  stop(): Promise<void>;
};

export type CacheOptions = {
  readonly redisUrl: string | undefined;
  /** False: every read asks the database. Changes are still announced to the peers that cache. */
  readonly cachedReads?: boolean | undefined;
  readonly databaseUrl: string;
  /** Unique to this database. */
  readonly namespace: string;
  /** Whether this process has a ledger. It must not post before this resolves. */
  readonly posts: boolean;
  readonly log: Log;
};

export async function openCache(options: CacheOptions): Promise<OpenedCache> {
  const { redisUrl, cachedReads = true, databaseUrl, namespace, posts, log } = options;
  const link = redisUrl === undefined ? null : await openRedis(redisUrl, namespace, log);
  const counter = link && new SharedCounter(link);
  if (!posts) return { cache: null, counter, changed: () => undefined, status: () => null, stop: () => Promise.resolve(link?.stop()) };

  let peers: Peers | null = null;
  const memory = new MemoryCache(() => peers?.alone === true);
  const shared = link && new RedisCache(link);
  const cache = shared ?? memory;
  peers = await Peers.join({ url: databaseUrl, log, wantsExclusive: link === null, onShared: () => memory.clear() });
  const joined = peers;
  return {
    cache: cachedReads ? cache : null,
    counter,
    changed: (changes) => {
      const forgotten = cache.forget(changes);
      const admitted = joined.admitted();
      return forgotten || admitted ? Promise.all([forgotten, admitted]).then(() => undefined) : undefined;
    },
    status: () => ({ ...(shared ?? memory).counts, kind: link ? 'redis' : 'memory', on: link ? link.up : joined.alone }),
    stop: async () => {
      await joined.stop();
      link?.stop();
    },
  };
}

async function openRedis(url: string, namespace: string, log: Log) {
  const { RedisLink } = await loadOptional('REDIS_URL', ['ioredis'], () => import('./redis-link.ts'));
  return await RedisLink.open({ url, namespace, log });
}
