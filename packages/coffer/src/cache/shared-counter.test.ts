import { expect, test } from 'vitest';
import type { RedisLink } from './redis-link.ts';
import { SharedCounter } from './shared-counter.ts';

/** A counter on a Redis that answers whatever it likes. */
function counterAnswering(answer: unknown): SharedCounter {
  return new SharedCounter({ up: true, ask: () => Promise.resolve(answer) } as unknown as RedisLink, 'coffer');
}

test.each([
  [0, 0],
  [1_500, 1_500],
  [31_536_000_000, 60_000],
  [Number.POSITIVE_INFINITY, 60_000],
])('a wait of %d ms is at most the window: %d ms', async (said, waitMs) => {
  expect(await counterAnswering(said).take('login', 10, 60_000)).toBe(waitMs);
});

test.each([[-5], [Number.NaN], ['soon'], [null]])('the answer %j is none: this process counts for itself', async (said) => {
  expect(await counterAnswering(said).take('login', 10, 60_000)).toBeNull();
});
