/** The benchmark's load: transfers between wallets, spread evenly or all through one. */
import { newId } from '../packages/coffer/src/kernel/index.ts';

export const walletCount = 10_000;
export const openingBalance = 1_000_000_000n;

export type Spread = 'uniform' | 'hot';
export type Transfer = { from: number; to: number; amount: bigint; key: string };

/** The next transfer between two of the given wallets, by their numbers. */
export function nextTransferAmong(wallets: readonly number[]): Transfer {
  const at = Math.floor(Math.random() * wallets.length);
  const other = (at + 1 + Math.floor(Math.random() * (wallets.length - 1))) % wallets.length;
  return { from: wallets[at] ?? 0, to: wallets[other] ?? 0, ...terms() };
}

/** The next transfer; with `hot`, wallet 0 is one of the two in every transfer. */
export function nextTransfer(spread: Spread): Transfer {
  let from = spread === 'hot' ? 0 : randomWallet();
  let to = randomWallet();
  if (from === to) to = (to + 1) % walletCount;
  if (spread === 'hot' && Math.random() < 0.5) [from, to] = [to, from];
  return { from, to, ...terms() };
}

/** Callers should use keys that rise with time; this is such a key. */
function terms(): Pick<Transfer, 'amount' | 'key'> {
  return { amount: 1n + BigInt(Math.floor(Math.random() * 100)), key: newId() };
}

export function walletName(index: number): string {
  return `w${index}`;
}

function randomWallet(): number {
  return Math.floor(Math.random() * walletCount);
}

/** Calls `once` repeatedly, `inFlight` at a time, for the given time; returns how many completed per second. */
export async function callsPerSecond(
  options: { inFlight: number; seconds: number; warmUpSeconds?: number },
  once: (caller: number) => Promise<void>,
): Promise<number> {
  const warmUpMs = (options.warmUpSeconds ?? 1) * 1000;
  const startMs = performance.now() + warmUpMs;
  const endMs = startMs + options.seconds * 1000;
  let counted = 0;
  const caller = async (number: number) => {
    for (;;) {
      await once(number);
      const nowMs = performance.now();
      if (nowMs >= endMs) return;
      if (nowMs >= startMs) counted++;
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, (_, number) => caller(number)));
  return counted / options.seconds;
}

/** One call after the other; returns the latencies in milliseconds at the requested quantiles. */
export async function latenciesMs(calls: number, quantiles: readonly number[], once: () => Promise<void>): Promise<number[]> {
  const taken: number[] = [];
  for (let call = 0; call < calls; call++) {
    const startMs = performance.now();
    await once();
    taken.push(performance.now() - startMs);
  }
  taken.sort((one, other) => one - other);
  return quantiles.map((quantile) => taken[Math.min(taken.length - 1, Math.floor(taken.length * quantile))] ?? Number.NaN);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
