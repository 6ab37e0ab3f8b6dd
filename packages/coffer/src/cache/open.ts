/** The configured cache of a process that serves histories: in Redis, in its own memory, or none. */
import type pg from 'pg';
import { loadOptional } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { MemoryPages } from './memory-pages.ts';
import type { CacheCounts, PageCache } from './pages.ts';
import { RedisPages } from './redis-pages.ts';
import type { Counter } from './counter.ts';
import { SharedCounter } from './shared-counter.ts';

/** Incremented with any change of the stored rows or their format, so that processes that read them differently keep apart. */
const format = 2;

export type CacheStatus = CacheCounts & { readonly kind: 'redis' | 'memory'; readonly on: boolean };

export type OpenedCache = {
  /** Null when pages are not cached. */
  readonly pages: PageCache | null;
  /** Null without Redis: each process counts for itself. */
  readonly counter: Counter | null;
  status(): CacheStatus | null;
  stop(): Promise<void>;
};

export type CacheOptions = {
  readonly redisUrl: string | undefined;
  /** False: every read asks the database. */
  readonly cachedReads: boolean;
  readonly pool: pg.Pool;
  /** Unique to this database: several can share one Redis. */
  readonly namespace: string;
  readonly log: Log;
};

export async function openCache({ redisUrl, cachedReads, pool, namespace, log }: CacheOptions): Promise<OpenedCache> {
  if (redisUrl === undefined) {
    const pages = cachedReads ? new MemoryPages() : null;
    return { pages, counter: null, status: () => pages && { ...pages.counts, kind: 'memory', on: true }, stop: async () => undefined };
  }
  const { RedisLink } = await loadOptional('REDIS_URL', ['ioredis'], () => import('./redis-link.ts'));
  const link = await RedisLink.open({ url: redisUrl, log });
  const prefix = `coffer:${format}:${namespace}`;
  const pages = cachedReads ? new RedisPages(link, prefix, await secretOf(pool)) : null;
  return {
    pages,
    counter: new SharedCounter(link, prefix),
    status: () => pages && { ...pages.counts, kind: 'redis', on: link.up },
    stop: async () => link.stop(),
  };
}

/** What seals the pages in Redis: random, made with the database, closed to `coffer_reader`. */
async function secretOf(pool: pg.Pool): Promise<Buffer> {
  const { rows } = await pool.query<{ secret: Buffer }>('select secret from cache.seal');
  if (!rows[0]) throw new Error('The table cache.seal is empty. Restore its row from a backup, or insert 32 random bytes.');
  return rows[0].secret;
}
