/** When a call that failed is made again. */

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** After the first call, the second, and so on: the schedule of the Standard Webhooks specification, 75 hours in all. */
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
 * What nothing came of, since the worker died during the call, is no try of the schedule: an endpoint is not given up for what it did
 * not do. It comes again when the claim is over, and each time twice as late, up to about so long: a payload that kills whoever sends it
 * kills no more often.
 */
export const lostPauseMaxMs = hourMs;

/**
 * How long to wait after so many tries that had an outcome, or null when that was the last. A tenth more or less, so that what failed together does not
 * come together again; no sooner than the receiver asked for. `chance`: between 0 and 1.
 */
export function retryAfterMs(tries: number, retryAfterSeconds: number | undefined, chance: number): number | null {
  const delayMs = retryDelaysMs[tries - 1];
  if (delayMs === undefined) return null;
  const wished = Math.min((retryAfterSeconds ?? 0) * secondMs, delayMaxMs);
  return Math.round(Math.max(delayMs * (0.9 + 0.2 * chance), wished));
}
