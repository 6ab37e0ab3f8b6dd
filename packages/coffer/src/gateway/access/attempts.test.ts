import { expect, test } from 'vitest';
import { Attempts } from './attempts.ts';

test('allows a number of tries per minute, then returns the seconds until more are allowed', () => {
  const attempts = new Attempts(2);
  expect([attempts.takeHere('a', 0), attempts.takeHere('a', 1_000), attempts.takeHere('a', 2_000), attempts.takeHere('b', 2_000)]).toEqual([
    null,
    null,
    58,
    null,
  ]);
  expect(attempts.takeHere('a', 60_000)).toBeNull();
});

test('a try that is given back can be used again', () => {
  const attempts = new Attempts(1);
  expect([attempts.takeHere('a', 0), attempts.takeHere('a', 0)]).toEqual([null, 60]);
  attempts.giveBack('a');
  expect(attempts.takeHere('a', 0)).toBeNull();
});

test('a flood of other keys does not evict the key being tried', () => {
  const attempts = new Attempts(10);
  for (let round = 0; round < 10; round++) {
    expect(attempts.takeHere('guessed', round)).toBeNull();
    for (let other = 0; other < 5_000; other++) attempts.takeHere(`${round} ${other}`, round);
  }
  expect(attempts.takeHere('guessed', 10)).toBe(60);
});
