import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

test('allows a number of tries per minute, then returns the seconds until more are allowed', () => {
  const limiter = new RateLimiter(2);
  expect([limiter.takeHere('a', 0), limiter.takeHere('a', 1_000), limiter.takeHere('a', 2_000), limiter.takeHere('b', 2_000)]).toEqual([
    null,
    null,
    58,
    null,
  ]);
  expect(limiter.takeHere('a', 60_000)).toBeNull();
});

test('a try that is given back can be used again', () => {
  const limiter = new RateLimiter(1);
  expect([limiter.takeHere('a', 0), limiter.takeHere('a', 0)]).toEqual([null, 60]);
  limiter.giveBack('a');
  expect(limiter.takeHere('a', 0)).toBeNull();
});

test('a flood of other keys does not evict the key being tried', () => {
  const limiter = new RateLimiter(10);
  for (let round = 0; round < 10; round++) {
    expect(limiter.takeHere('guessed', round)).toBeNull();
    for (let other = 0; other < 5_000; other++) limiter.takeHere(`${round} ${other}`, round);
  }
  expect(limiter.takeHere('guessed', 10)).toBe(60);
});
