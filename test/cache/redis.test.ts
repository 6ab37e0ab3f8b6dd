// Several processes share a cache in Redis: no answer is older than an earlier answer, whatever happens to Redis.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { redisIsMissing, startRedis } from '../support/redis.ts';
import type { TestRedis } from '../support/redis.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';
import { countingAways, isOn, openSide } from './side.ts';
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
  const closeAll = async () => {
    await Promise.all(sides.map((side) => side.stop()));
    sides = [];
  };
  beforeAll(async () => {
    database = await createTestDatabase();
    redis = await startRedis();
  });
  afterAll(async () => {
    await closeAll();
    await redis.stop();
    await database.drop();
  });
  const backOn = async (side: Side) => await expect.poll(() => isOn(side), { interval: 20 }).toBe(true);
  /** Reads a wallet until it comes from the cache. */
  const kept = async (side: Side, wallet: string) => {
    const fromCache = async () => {
      const before = side.hits();
      await side.version(wallet);
      return side.hits() > before;
    };
    await expect.poll(fromCache, { interval: 20 }).toBe(true);
  };

  /**
   * Changes a wallet through one process and reads it through another; returns how many reads were older than the change. On a busy
   * machine Redis may be unavailable for a while, and a change that is not published may not reach another process: such rounds are skipped.
   */
  async function readOwnChanges(pair: readonly [Side, Side], name: string, rounds: number, aways: () => number) {
    const random = randomFrom(seedOf(name));
    let [reads, stale, leftOut] = [0, 0, 0];
    const areOn = () => pair.every(isOn);
    await Promise.all(
      Array.from({ length: 16 }, async (_, caller) => {
        for (let round = 0; round < rounds; round++) {
          const wallet = `${name} ${caller % 8}`.replaceAll(' ', '-');
          const [writer, reader] = random() < 0.5 ? pair : ([pair[1], pair[0]] as const);
          const [wereOn, awaysBefore] = [areOn(), aways()];
          const version = await writer.deposit(wallet);
          const seen = await Promise.all([reader.version(wallet), writer.version(wallet), reader.newest(wallet)]);
          if (!wereOn || !areOn() || aways() > awaysBefore) {
            leftOut += seen.length;
            continue;
          }
          reads += seen.length;
          stale += seen.filter((found) => found === undefined || found < version).length;
          if (random() < 0.3) await Promise.all([reader.version(wallet), reader.newest(wallet)]);
        }
      }),
    );
    return { reads, stale, leftOut };
  }

  it('never answers with less than the caller knows, in either of two processes under load', async () => {
    const { log, aways } = countingAways();
    const pair = [await open(redis.url, { log }), await open(redis.url, { log })] as const;
    let [reads, stale, leftOut, hits] = [0, 0, 0, 0];
    // The test proves nothing if every read comes from the database; how many come from the cache depends on the speed of Redis.
    const isEnough = async () => {
      const more = await readOwnChanges(pair, 'own writes', 20, aways);
      reads += more.reads;
      stale += more.stale;
      leftOut += more.leftOut;
      hits = pair[0].hits() + pair[1].hits();
      return stale > 0 || (reads > 300 && hits > 30);
    };
    const seen = () => `${reads} reads, ${hits} of them from the cache, ${leftOut} while Redis was given up`;
    await until(isEnough, { what: '300 reads of own changes, and 30 from the cache', seen });
    console.info(`${reads} reads of own changes, ${stale} of them old, ${hits} from the cache; ${leftOut} more while Redis was given up`);
    expect(stale).toBe(0);
    await closeAll();
  });

  it('the test above would fail if a process did not publish its changes', async () => {
    const { log, aways } = countingAways();
    const pair = [await open(redis.url, { tells: false, log }), await open(redis.url, { tells: false, log })] as const;
    // A slow Redis caches little: repeat as often as needed.
    let stale = 0;
    for (let time = 0; time < 20 && stale === 0; time++) stale = (await readOwnChanges(pair, `planted ${time}`, 20, aways)).stale;
    expect(stale).toBeGreaterThan(0);
    await closeAll();
  });

  it('does not cache the value of a slow reader that read before a change', async () => {
    const [one, other] = [await open(redis.url), await open(redis.url)];
    const { cache } = one.cache;
    if (!cache) throw new Error('the cache is missing');
    const { promise, resolve } = Promise.withResolvers<{ value: string; mark: number }>();
    const question = { kind: 'wallet', name: 'slow', atLeast: 0, weigh: () => 1 } as const;
    let asked = 0;
    const slow = cache.read({ ...question, read: () => (asked++, promise) });
    await expect.poll(() => asked).toBe(1);
    await other.cache.changed([{ id: 'slow', seq: 8 }]);
    resolve({ value: 'before', mark: 7 });
    expect(await slow).toBe('before');
    const again = (value: string, mark: number) => cache.read({ ...question, read: async () => ({ value, mark }) });
    expect(await again('after', 8)).toBe('after');
    // A value that is new enough is cached, even if its reader was overtaken.
    // Each read has a distinct value, which is cached if it arrives first.
    let look = 0;
    await expect
      .poll(async () => {
        const own = `later ${++look}`;
        return (await again(own, 9)) === own;
      })
      .toBe(false);
    await closeAll();
  });

  it('continues without a killed Redis, logs it once, and reconnects', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', pretty: false });
    const warn = vi.spyOn(log, 'warn').mockImplementation((...words: unknown[]) => void lines.push(words.map(String).join(' ')));
    const side = await open(redis.url, { log });
    await side.deposit('k1');
    await backOn(side);
    lines.length = 0;
    await redis.kill();
    for (let time = 0; time < 20; time++) expect(await side.version('k1')).toBe(await side.deposit('k1').then((version) => version - 1));
    await expect.poll(() => isOn(side)).toBe(false);
    expect(await side.version('k1')).toBe(await side.newest('k1'));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(lines.filter((line) => line.includes('Redis is unavailable'))).toHaveLength(1);
    await redis.start();
    await backOn(side);
    await kept(side, 'k1');
    warn.mockRestore();
    await closeAll();
  });

  it('a paused Redis delays requests only briefly, and serves no value that changed during the pause', async () => {
    const [one, other] = [await open(redis.url), await open(redis.url)];
    await one.deposit('p1');
    await kept(other, 'p1');
    redis.pause();
    const version = await one.deposit('p1');
    expect(await one.version('p1')).toBe(version);
    expect(await other.version('p1')).toBe(version);
    redis.resume();
    await Promise.all([backOn(one), backOn(other)]);
    expect([await one.version('p1'), await other.version('p1'), await other.newest('p1')]).toEqual([version, version, version]);
    await closeAll();
  });

  it('a Redis that restores its saved data serves no stale value', async () => {
    const [one, other] = [await open(redis.url), await open(redis.url)];
    const oldValues = async () => {
      const keys = await redis.client.keys('*:wallet r1');
      const values = keys.length === 0 ? [] : await redis.client.mget(keys);
      return values.filter((value) => value?.startsWith('V')).length;
    };
    const bringBack = async () => {
      await one.deposit('r1');
      await kept(other, 'r1');
      await redis.save();
      const version = await one.deposit('r1');
      await redis.kill();
      await redis.start();
      await Promise.all([backOn(one), backOn(other)]);
      // The value is still in Redis, and no process reads it.
      const isThere = (await oldValues()) > 0;
      expect([await one.version('r1'), await other.version('r1')]).toEqual([version, version]);
      return isThere;
    };
    // A value lives for five seconds: on a busy machine it may expire before Redis is back.
    await until(bringBack, { what: 'Redis to come back with a value that it had saved', seen: () => 'it had none' });
    await closeAll();
  });

  it('with a wrong Redis password every read comes from the database, and each process counts requests itself', async () => {
    const locked = await startRedis({ password: 'right' });
    const side = await open(locked.url.replace('right', 'wrong'));
    const version = await side.deposit('x1');
    expect(await side.version('x1')).toBe(version);
    expect([isOn(side), side.cache.counter?.up]).toEqual([false, false]);
    await closeAll();
    await locked.stop();
  });
});
