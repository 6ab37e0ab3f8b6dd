import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pauseMs } from './pace.ts';

const tries = fc.nat({ max: 10_000 });
const firstMs = fc.integer({ min: 1, max: 10_000 });
const factor = fc.integer({ min: 1, max: 1_000_000 });

test('a pause doubles with each try up to a maximum, plus or minus a random half', () => {
  fc.assert(
    fc.property(tries, firstMs, factor, (tried, first, times) => {
      const most = first * times;
      const middle = Math.min(most, first * 2 ** Math.min(tried, 60));
      const pause = pauseMs(tried, first, most);
      expect(pause).toBeGreaterThanOrEqual(middle * 0.5);
      expect(pause).toBeLessThan(middle * 1.5);
    }),
  );
});

test('requests that failed together are not retried together', () => {
  const pauses = Array.from({ length: 100 }, () => pauseMs(3, 1_000, 60_000));
  expect(new Set(pauses).size).toBeGreaterThan(90);
  expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(2_000);
});
