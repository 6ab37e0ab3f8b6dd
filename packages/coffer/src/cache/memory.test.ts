import { expect, test } from 'vitest';
import type { Question, Reading } from './cache.ts';
import { MemoryCache } from './memory.ts';

type Asked = { readonly question: Question<string>; readonly answer: (reading: Reading<string> | null) => void; reads: number };

/** A read that the test answers. */
function slowRead(atLeast = 0): Asked {
  const { promise, resolve } = Promise.withResolvers<Reading<string> | null>();
  const asked: Asked = {
    reads: 0,
    answer: resolve,
    question: {
      kind: 'wallet',
      name: 'w1',
      atLeast,
      weigh: () => 1,
      read: () => {
        asked.reads++;
        return promise;
      },
    },
  };
  return asked;
}

async function readAs(cache: MemoryCache, value: string, mark: number | null, atLeast = 0): Promise<string | null> {
  const { question, answer } = slowRead(atLeast);
  answer({ value, mark });
  return await cache.read(question);
}

test('a read value is returned again until it is invalidated', async () => {
  const cache = new MemoryCache();
  expect(await readAs(cache, 'first', 7)).toBe('first');
  expect(await readAs(cache, 'second', 7)).toBe('first');
  cache.forget([{ id: 'w1', seq: 8 }]);
  expect(await readAs(cache, 'third', 8)).toBe('third');
  expect(cache.counts).toEqual({ hits: 1, misses: 2, forgotten: 1 });
});

test('a change that a cached value already includes invalidates nothing', async () => {
  const cache = new MemoryCache();
  await readAs(cache, 'first', 7);
  cache.forget([{ id: 'w1', seq: 7 }]);
  expect(await readAs(cache, 'second', 7)).toBe('first');
});

test('a slow reader does not store what was there before a change', async () => {
  const cache = new MemoryCache();
  const slow = slowRead();
  const answer = cache.read(slow.question);
  cache.forget([{ id: 'w1', seq: 8 }]);
  slow.answer({ value: 'before', mark: 7 });
  expect(await answer).toBe('before');
  expect(await readAs(cache, 'after', 8)).toBe('after');
});

test('nor does one that was slow during a clear, or after an unknown change', async () => {
  const cache = new MemoryCache();
  for (const disturb of [() => cache.clear(), () => cache.forget([{ id: 'w1', seq: Number.POSITIVE_INFINITY }])]) {
    const slow = slowRead();
    const answer = cache.read(slow.question);
    disturb();
    slow.answer({ value: 'before', mark: 7 });
    await answer;
    expect(await readAs(cache, 'after', 8)).toBe('after');
    cache.clear();
  }
});

test('what is too old for the question, not cacheable, empty, or failed is read again', async () => {
  const cache = new MemoryCache();
  await readAs(cache, 'old', 7);
  expect(await readAs(cache, 'new', 9, 9)).toBe('new');
  cache.clear();
  await readAs(cache, 'passing', null);
  expect(await readAs(cache, 'now', 9)).toBe('now');
  cache.clear();
  const nothing = slowRead();
  nothing.answer(null);
  expect(await cache.read(nothing.question)).toBeNull();
  await expect(cache.read({ ...nothing.question, read: () => Promise.reject(new Error('away')) })).rejects.toThrow('away');
  expect(await readAs(cache, 'there', 9)).toBe('there');
});

test('it keeps the most recently used values, and no more than fit', async () => {
  const cache = new MemoryCache();
  const read = async (name: string) => {
    const reads = { count: 0 };
    const found = () => {
      reads.count++;
      return Promise.resolve({ value: name, mark: 1 });
    };
    await cache.read({ kind: 'history', name, atLeast: 0, weigh: () => 500, read: found });
    return reads.count;
  };
  for (let page = 0; page < 99; page++) await read(`page ${page}`);
  expect(await read('page 0')).toBe(0);
  for (let page = 100; page < 198; page++) await read(`page ${page}`);
  expect(await read('page 0')).toBe(0);
  expect(await read('page 1')).toBe(1);
});

test('while it is not trusted, everything is read', async () => {
  let trusted = true;
  const cache = new MemoryCache(() => trusted);
  await readAs(cache, 'kept', 7);
  trusted = false;
  expect(await readAs(cache, 'read', 7)).toBe('read');
});
