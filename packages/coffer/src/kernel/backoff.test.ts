import { expect, test } from 'vitest';
import { Backoff, pauseAfter } from './backoff.ts';

test('each pause is twice the previous one, up to the maximum', () => {
  const backoff = new Backoff({ first: 100, most: 500 });
  expect(backoff.isFresh).toBe(true);
  expect(Array.from({ length: 5 }, () => backoff.nextMs())).toEqual([100, 200, 400, 500, 500]);
  expect(backoff.isFresh).toBe(false);
  backoff.reset();
  expect([backoff.isFresh, backoff.nextMs()]).toEqual([true, 100]);
});

test('the pause is a number after any number of tries', () => {
  expect(pauseAfter(100_000, { first: 1, most: 7_200 })).toBe(7_200);
});

test('a spread pause differs by at most a half', () => {
  const pauses = Array.from({ length: 200 }, () => pauseAfter(3, { first: 100, most: 10_000, isSpread: true }));
  for (const pause of pauses) expect(pause).toSatisfy((ms: number) => ms >= 400 && ms < 1_200);
  expect(new Set(pauses).size).toBeGreaterThan(100);
});
