import { expect, test } from 'vitest';
import { settlementOf } from './dispatcher.ts';
import { retryAfterMs, retryDelaysMs } from './schedule.ts';

test('a failing call is made ten times within about 75 hours, and then given up', () => {
  const waits = Array.from({ length: 10 }, (_, at) => retryAfterMs(at + 1, undefined, 0.5));
  expect(waits).toEqual([5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000, null]);
  expect(retryDelaysMs.reduce((sum, delayMs) => sum + delayMs, 0)).toBe((75 * 3_600 + 35 * 60 + 5) * 1_000);
});

test("retries are spread by a tenth either way, and respect the receiver's Retry-After up to a day", () => {
  expect([retryAfterMs(2, undefined, 0), retryAfterMs(2, undefined, 1)]).toEqual([270_000, 330_000]);
  expect(retryAfterMs(1, 60, 0)).toBe(60_000);
  expect(retryAfterMs(2, 60, 0)).toBe(270_000);
  expect(retryAfterMs(1, 999_999, 0)).toBe(86_400_000);
});

test('only 2xx counts as delivered; 410 disables the endpoint; anything else is retried until no tries are left', () => {
  const answered = (status: number, nth = 1) => settlementOf({ kind: 'answered', status, body: '', elapsedMs: 1 }, { nth }, 0.5);
  for (const status of [200, 202, 204, 299])
    expect(answered(status)).toMatchObject({ outcome: 'delivered', isSlow: false, disables: null });
  for (const status of [301, 302, 307, 400, 401, 404, 409, 429, 500, 503])
    expect(answered(status)).toMatchObject({ outcome: 'again', againMs: 5_000, isSlow: true, disables: null });
  expect(answered(410)).toMatchObject({ outcome: 'failed', disables: 'it answered 410 Gone' });
  expect(answered(500, 10)).toMatchObject({ outcome: 'failed', disables: null });
  expect(settlementOf({ kind: 'refused', why: 'no\0w' }, { nth: 3 }, 0.5)).toMatchObject({
    outcome: 'again',
    againMs: 1_800_000,
    why: 'no�w',
  });
  expect(settlementOf({ kind: 'answered', status: 200, body: '', elapsedMs: 2_001 }, { nth: 1 })).toMatchObject({ isSlow: true });
});
