// Several processes share a cache in Redis: no answer is older than an earlier answer, whatever happens to Redis or is written to it.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { redisIsMissing, startRedis } from '../support/redis.ts';
import type { TestRedis } from '../support/redis.ts';
import { rounds } from '../support/rounds.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';
import { isOn, openSide } from './side.ts';
import type { Side } from './side.ts';

describe.skipIf(redisIsMissing)('a cache in Redis', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let sides: Side[] = [];
  const open = async (...options: Parameters<typeof openSide> extends [unknown, ...infer Rest] ? Rest : never) => {
    const side = await openSide(database, ...options);
    sides.push(side);
    return side;
  };
  beforeAll(async () => {
    database = await createTestDatabase();
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(sides.map((side) => side.stop()));
    sides = [];
  });
  afterAll(async () => {
    await redis.stop();
    await database.drop();
  });
  const backOn = async (side: Side) => await expect.poll(() => isOn(side), { interval: 20 }).toBe(true);
  /** Reads a history until it comes from the cache. */
  const keep = async (side: Side, wallet: string) => {
    const fromCache = async () => {
      const before = side.hits();
      await side.newest(wallet);
      return side.hits() > before;
    };
    await expect.poll(fromCache, { interval: 20 }).toBe(true);
  };
  const pagesIn = async () => await redis.client.keys('coffer:*:page:*');

  /** Changes wallets through one process and reads them through both; returns the number of reads, and of those older than the change. */
  async function readOwnChanges(pair: readonly [Side, Side], name: string, rounds: number) {
    const random = randomFrom(seedOf(name));
    let [reads, stale] = [0, 0];
    await Promise.all(
      Array.from({ length: 16 }, async (_, caller) => {
        for (let round = 0; round < rounds; round++) {
          const wallet = `${name} ${caller % 8}`.replaceAll(' ', '-');
          const [writer, reader] = random() < 0.5 ? pair : ([pair[1], pair[0]] as const);
          const version = await writer.deposit(wallet);
          const seen = await Promise.all([reader.version(wallet), reader.newest(wallet), writer.newest(wallet)]);
          reads += seen.length;
          stale += seen.filter((found) => found === undefined || found < version).length;
          await Promise.all([reader.newest(wallet), writer.newest(wallet)]);
        }
      }),
    );
    return { reads, stale };
  }

  const enough = { reads: rounds(2_000, 500), hits: rounds(100, 25), pauses: rounds(5, 2) };

  /** Reads own changes until enough of them came from the cache, during enough pauses: how many do depends on the machine. */
  async function staleReads(pair: readonly [Side, Side], name: string, pauses = () => enough.pauses): Promise<number> {
    let [reads, stale] = [0, 0];
    const hits = () => pair[0].hits() + pair[1].hits();
    const isEnough = async () => {
      const more = await readOwnChanges(pair, name, 5);
      reads += more.reads;
      stale += more.stale;
      return stale > 0 || (reads >= enough.reads && hits() >= enough.hits && pauses() >= enough.pauses);
    };
    await until(isEnough, {
      what: `${enough.reads} reads, ${enough.hits} from the cache, in ${enough.pauses} pauses`,
      seen: () => `${reads} reads, ${hits()} from the cache, ${pauses()} pauses`,
    });
    return stale;
  }

  it('never answers with less than the caller knows, in either of two processes under load', async () => {
    expect(await staleReads([await open(redis.url), await open(redis.url)], 'own changes')).toBe(0);
  });

  it('answers nothing stale while Redis is paused again and again', async () => {
    const pair = [await open(redis.url), await open(redis.url)] as const;
    let pauses = 0;
    const pausing = setInterval(() => {
      pauses++;
      redis.pause();
      setTimeout(() => redis.resume(), 80);
    }, 400);
    try {
      expect(await staleReads(pair, 'paused', () => pauses)).toBe(0);
    } finally {
      clearInterval(pausing);
      await new Promise((resolve) => setTimeout(resolve, 100));
      redis.resume();
    }
  });

  it('continues without a killed Redis, logs it once, and reconnects', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', pretty: false });
    const warn = vi.spyOn(log, 'warn').mockImplementation((...words: unknown[]) => void lines.push(words.map(String).join(' ')));
    const side = await open(redis.url, log);
    await side.deposit('k1');
    await backOn(side);
    lines.length = 0;
    await redis.kill();
    for (let time = 0; time < 20; time++) expect(await side.newest('k1')).toBe(await side.deposit('k1').then((version) => version - 1));
    await expect.poll(() => isOn(side)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(lines.filter((line) => line.includes('Redis is unavailable'))).toHaveLength(1);
    await redis.start();
    await backOn(side);
    await keep(side, 'k1');
    warn.mockRestore();
  });

  it('a Redis that restores its saved data serves no stale page', async () => {
    const [one, other] = [await open(redis.url), await open(redis.url)];
    await one.deposit('r1');
    await keep(other, 'r1');
    await redis.save();
    const version = await one.deposit('r1');
    await redis.kill();
    await redis.start();
    await Promise.all([backOn(one), backOn(other)]);
    expect(await pagesIn()).not.toEqual([]);
    expect([await one.newest('r1'), await other.newest('r1')]).toEqual([version, version]);
  });

  it('a forged, altered or moved page is ignored', async () => {
    const side = await open(redis.url);
    await redis.client.flushall();
    const version = await side.deposit('f1');
    await keep(side, 'f1');
    const [key = ''] = await pagesIn();
    const sealed = (await redis.client.get(key)) ?? '';
    const altered = sealed.replace('"version":1', '"version":7');
    expect(altered).not.toBe(sealed);
    for (const forged of [altered, '[]', '', `${'A'.repeat(32)}[]`, sealed.slice(1), 'V1:[]']) {
      await redis.client.set(key, forged);
      const before = side.hits();
      expect(await side.newest('f1')).toBe(version);
      expect(side.hits()).toBe(before);
      // The page is stored again, after the answer.
      await expect.poll(() => redis.client.get(key)).toBe(sealed);
    }
    // A page of another wallet, correctly sealed under its own name.
    await side.deposit('f2');
    await side.deposit('f2');
    await keep(side, 'f2');
    const [otherKey = ''] = (await pagesIn()).filter((name) => name !== key);
    await redis.client.set(otherKey, sealed);
    expect(await side.newest('f2')).toBe(2);
  });

  it('with a wrong Redis password every page comes from the database, and each process counts requests itself', async () => {
    const locked = await startRedis({ password: 'right' });
    const side = await open(locked.url.replace('right', 'wrong'));
    const version = await side.deposit('x1');
    expect(await side.newest('x1')).toBe(version);
    expect([isOn(side), side.cache.counter?.up]).toEqual([false, false]);
    await locked.stop();
  });
});
