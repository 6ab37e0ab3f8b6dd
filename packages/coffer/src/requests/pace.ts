/** How long to wait before the next try of a request, in milliseconds. */
import { pauseAfter } from '../kernel/index.ts';

/** Doubling, up to `mostMs`, and a half more or less at random: what failed together is not tried together again. */
export function pauseMs(tries: number, firstMs: number, mostMs: number): number {
  return pauseAfter(tries, { first: firstMs, most: mostMs, isSpread: true });
}
