import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { after, heldAt, heldRequest } from '../../../../test/support/request.ts';
import { beforeTimeOut, holdOf, isTimeUp, payBeforeOf } from './deadlines.ts';

const request = heldRequest({ holdSeconds: 600 });
const seconds = fc.integer({ min: 1, max: 30 * 86_400 });

test('the time is up exactly at the deadline, not a millisecond before', () => {
  expect([599_999, 600_000, 600_001].map((ms) => isTimeUp(request, after(ms)))).toEqual([false, true, true]);
});

describe('a payer starts no payout', () => {
  test.each([
    [86_400, 60],
    [600, 60],
    [599, 59.9],
    [60, 6],
    [1, 0.1],
  ])('of %i seconds in the last %f', (holdSeconds, last) => {
    const held = heldRequest({ holdSeconds });
    expect(payBeforeOf(held)).toEqual(after((holdSeconds - last) * 1_000));
  });

  test('after a cut-off between the hold and the deadline, at most a minute before the deadline', () => {
    fc.assert(
      fc.property(seconds, (holdSeconds) => {
        const held = heldRequest({ holdSeconds });
        const { timesOutAt } = holdOf(held);
        const payBefore = payBeforeOf(held).getTime();
        expect(payBefore).toBeGreaterThan(heldAt.getTime());
        expect(payBefore).toBeLessThan(timesOutAt.getTime());
        expect(timesOutAt.getTime() - payBefore).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});

test('a pause ends in time to notice the deadline; after the deadline it has the requested length', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_200_000 }), fc.integer({ min: 1, max: 3_600_000 }), (ms, wantedMs) => {
      const { afterMs } = beforeTimeOut(request, after(ms), wantedMs);
      expect(afterMs).toBe(ms < 600_000 ? Math.min(wantedMs, 600_000 - ms) : wantedMs);
      expect(afterMs).toBeGreaterThan(0);
    }),
  );
});

test('a request without a hold has no deadline: reading one is a bug', () => {
  const posted = heldRequest({ hold: null });
  for (const ask of [() => holdOf(posted), () => isTimeUp(posted, heldAt), () => payBeforeOf(posted)]) expect(ask).toThrow(/has a hold/);
});
