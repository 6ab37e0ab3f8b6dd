// Rate limits that two processes share through Redis, and how they work without it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCache } from '../../packages/coffer/src/cache/index.ts';
import type { OpenedCache } from '../../packages/coffer/src/cache/index.ts';
import { startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { redisIsMissing, startRedis } from '../support/redis.ts';
import type { TestRedis } from '../support/redis.ts';
import { service } from '../access/world.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Log } from '../../packages/coffer/src/kernel/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

/** A log that counts the warnings about an unavailable Redis: the limits are shared only while it is up. */
function countingAways(): { readonly log: Log; readonly aways: () => number } {
  let aways = 0;
  const warn = (_about: object, text: string) => void (text.startsWith('Redis is unavailable') && aways++);
  return { log: Object.assign(Object.create(silentLog()) as Log, { warn }), aways: () => aways };
}

describe.skipIf(redisIsMissing)('limits in Redis', () => {
  const { log, aways } = countingAways();
  let database: TestDatabase;
  let redis: TestRedis;
  let caches: OpenedCache[];
  let products: TestProduct[];
  beforeAll(async () => {
    redis = await startRedis();
    database = await createTestDatabase();
    const options = { redisUrl: redis.url, cachedReads: false, pool: database.pool, namespace: 'limits', log };
    caches = await Promise.all([openCache(options), openCache(options)]);
    products = await Promise.all(
      caches.map(({ counter }) => startProduct({}, { mode: 'required', requestsPerMinute: 20, counter: counter ?? undefined })),
    );
  });
  afterAll(async () => {
    for (const part of [...products, ...caches]) await part.stop();
    await redis.stop();
    await database.drop();
  });

  const guess = async (at: number, email: string) =>
    (await products[at]?.call('POST', '/users/login', { email, password: 'a wrong guess' }))?.status ?? 0;

  function counted(statuses: readonly number[]): Record<number, number> {
    const counts: Record<number, number> = {};
    for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  const areUp = () => caches.every(({ counter }) => counter?.up);

  /** On a busy machine Redis may become unavailable midway and each process counts alone: the run then starts again from zero. */
  async function countedTogether(ask: () => Promise<number[]>): Promise<Record<number, number>> {
    for (;;) {
      await expect.poll(areUp).toBe(true);
      await redis.client.flushall();
      const before = aways();
      const statuses = await ask();
      if (aways() === before && areUp()) return counted(statuses);
    }
  }

  it('password guesses through several processes share one count', async () => {
    const ask = () => Promise.all(Array.from({ length: 40 }, (_, at) => guess(at % 2, 'jane@example.com')));
    expect(await countedTogether(ask)).toEqual({ 401: 10, 429: 30 });
  });

  it('requests share one count per caller across processes', async () => {
    const ask = () =>
      Promise.all(Array.from({ length: 50 }, async (_, at) => (await products[at % 2]?.call('GET', '/wallet/w1'))?.status ?? 0));
    expect(await countedTogether(ask)).toEqual({ 401: 20, 429: 30 });
  });

  it('without Redis each process counts on its own and still enforces the limit', async () => {
    redis.pause();
    const paused = await Promise.all(Array.from({ length: 60 }, (_, at) => guess(at % 2, 'john@example.com')));
    expect(counted(paused)).toEqual({ 401: 20, 429: 40 });
    redis.resume();
    await expect.poll(areUp).toBe(true);
    await redis.kill();
    const key = await service((products[0] as TestProduct).product, ['wallets:read']);
    await expect.poll(() => caches.some(({ counter }) => counter?.up)).toBe(false);
    const killed = await Promise.all(
      Array.from({ length: 30 }, async () => (await products[0]?.call('GET', '/assets', undefined, { authorization: key }))?.status ?? 0),
    );
    expect(counted(killed)).toEqual({ 200: 20, 429: 10 });
    await redis.start();
  });
});
