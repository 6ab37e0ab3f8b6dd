import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { asked } from './asked.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function counting(answer: () => Promise<number>) {
  let reads = 0;
  const ask = asked(() => {
    reads++;
    return answer();
  });
  return { ask, reads: () => reads };
}

test('all who ask within a second get what was read once', async () => {
  const { ask, reads } = counting(() => Promise.resolve(7));
  expect(await Promise.all([ask(), ask()])).toEqual([7, 7]);
  await vi.advanceTimersByTimeAsync(999);
  expect([await ask(), reads()]).toEqual([7, 1]);
  await vi.advanceTimersByTimeAsync(2);
  expect([await ask(), reads()]).toEqual([7, 2]);
});

test('a read that fails is no answer, and is tried again after a second', async () => {
  let isAway = true;
  const { ask } = counting(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(7)));
  expect(await ask()).toBeNull();
  isAway = false;
  await vi.advanceTimersByTimeAsync(1_001);
  expect(await ask()).toBe(7);
});

test('a read that hangs keeps nobody waiting for longer than a second', async () => {
  const { ask } = counting(() => new Promise(() => undefined));
  let answer: number | null | undefined;
  void ask().then((found) => (answer = found));
  await vi.advanceTimersByTimeAsync(999);
  expect(answer).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2);
  expect(answer).toBeNull();
});
