/** When a failed call is repeated. */

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** After the first call, the second, and so on: the schedule of the Standard Webhooks specification, 75 hours in total. */
export const retryDelaysMs: readonly number[] = [
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
];
const delayMaxMs = 24 * hourMs;

/**
 * A call without an outcome, because the worker died, does not count as a try: an endpoint is not given up for what it did not
 * do. It is repeated when the claim expires, each time after twice the delay, up to about this long: a payload that crashes the
 * sender must not crash it more often.
 */
export const lostPauseMaxMs = hourMs;

/**
 * The delay after this many tries with an outcome, or null if that was the last. Spread by a tenth either way, so that deliveries
 * that failed together are not retried together; at least what the receiver requested. `chance`: between 0 and 1.
 */
export function retryAfterMs(tries: number, retryAfterSeconds: number | undefined, chance: number): number | null {
  const delayMs = retryDelaysMs[tries - 1];
  if (delayMs === undefined) return null;
  const wished = Math.min((retryAfterSeconds ?? 0) * secondMs, delayMaxMs);
  return Math.round(Math.max(delayMs * (0.9 + 0.2 * chance), wished));
}
