/**
 * How much has left a wallet in a day and a month of UTC: withdrawals, spends, transfers and captures. Carried from debit to debit while
 * the wallet has limits, so a limit is exact and costs no look-up.
 */
import type { Account, Spent } from './types.ts';

const dayMs = 86_400_000;

/** As of now: resets at the start of a day and of a month. */
export function spentBy({ spent }: Account, now: Date): { day: bigint; month: bigint } {
  if (!spent) return { day: 0n, month: 0n };
  return {
    day: startOfDay(new Date(spent.at)) === startOfDay(now) ? spent.day : 0n,
    month: startOfMonth(new Date(spent.at)) === startOfMonth(now) ? spent.month : 0n,
  };
}

/** What counts against limits as of now: a held amount counts as spent while it is held. */
export function usedBy(account: Account, now: Date): { day: bigint; month: bigint } {
  const { day, month } = spentBy(account, now);
  return { day: day + account.held, month: month + account.held };
}

/** The running totals after another amount has left; null for a wallet that is not counted. */
export function spentAfter(account: Account, amount: bigint, now: Date): Spent | null {
  const { spent } = account;
  if (!spent) return null;
  const at = now.getTime();
  // The same day implies the same month, so nearly every debit skips the calendar.
  const isSameDay = Math.floor(spent.at / dayMs) === Math.floor(at / dayMs);
  const { day, month } = isSameDay ? spent : spentBy(account, now);
  return { at, day: day + amount, month: month + amount };
}

/** Milliseconds since 1970. */
export function startOfDay(moment: Date): number {
  return Math.floor(moment.getTime() / dayMs) * dayMs;
}

export function startOfMonth(moment: Date): number {
  return Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth());
}
