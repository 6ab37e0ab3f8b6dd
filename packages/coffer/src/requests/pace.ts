/** How long to wait before the next try. */

/** Doubling, up to `mostMs`, and a half more or less at random: what failed together is not tried together again. */
export function pauseMs(tries: number, firstMs: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(tries, 30)) * (0.5 + Math.random());
}
