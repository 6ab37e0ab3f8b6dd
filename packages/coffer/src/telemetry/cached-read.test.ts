import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cachedRead } from './cached-read.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function counting(answer: () => Promise<number>) {
  let reads = 0;
  const ask = cachedRead(() => {
    reads++;
    return answer();
  });
  return { ask, reads: () => reads };
}

test('all scrapes within a second share one read', async () => {
  const { ask, reads } = counting(() => Promise.resolve(7));
  expect(await Promise.all([ask(), ask()])).toEqual([7, 7]);
  await vi.advanceTimersByTimeAsync(999);
  expect([await ask(), reads()]).toEqual([7, 1]);
  await vi.advanceTimersByTimeAsync(2);
  expect([await ask(), reads()]).toEqual([7, 2]);
});

test('a failed read gives no value, and is retried after a second', async () => {
  let isAway = true;
  const { ask } = counting(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(7)));
  expect(await ask()).toBeNull();
  isAway = false;
  await vi.advanceTimersByTimeAsync(1_001);
  expect(await ask()).toBe(7);
});

test('a read that hangs delays a scrape by at most a second', async () => {
  const { ask } = counting(() => new Promise(() => undefined));
  let answer: number | null | undefined;
  void ask().then((found) => (answer = found));
  await vi.advanceTimersByTimeAsync(999);
  expect(answer).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2);
  expect(answer).toBeNull();
});
