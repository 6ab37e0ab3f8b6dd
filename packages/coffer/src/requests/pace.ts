/** The wait before the next try of a request, in milliseconds. */
import { pauseAfter } from '../kernel/index.ts';

/** Doubles up to `mostMs`, plus or minus a random half: requests that failed together are not retried together. */
export function pauseMs(tries: number, firstMs: number, mostMs: number): number {
  return pauseAfter(tries, { first: firstMs, most: mostMs, isSpread: true });
}
