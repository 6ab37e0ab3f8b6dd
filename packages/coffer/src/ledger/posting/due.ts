/**
 * Expired holds of the wallets that operations concern. A hold ends by its expiry entry alone; the sweep (expiry.ts) makes it within
 * seconds. An operation that comes first has the entry made ahead of it, in the same batch, so that it finds the money available.
 */
import { prepare } from '../rules/prepared.ts';
import { decide } from '../rules/decide.ts';
import type { NewRows } from '../chain/chain.ts';
import type { Account, Hold } from '../rules/types.ts';
import { walletsOf } from './lookup.ts';
import type { Group } from './queue.ts';
import type { BookState } from './state.ts';
import type { BookStore } from './store.ts';

export const neverReleased = new Date(0);

/** Wallets of which a hold may have expired. Costs a comparison for a wallet without holds. */
export function mayHaveDue(state: BookState, groups: readonly Group[], now: Date): Account[] {
  let found: Set<Account> | null = null;
  for (const { operations } of groups) {
    for (const { operation } of operations) {
      // The sweep names the holds itself.
      if (operation.kind === 'expire') continue;
      for (const wallet of walletsOf(operation, state)) {
        const account = state.wallet(wallet);
        if (account && (state.nextExpiryMs(account) ?? 0) <= now.getTime()) (found ??= new Set()).add(account);
      }
    }
  }
  return found ? [...found] : [];
}

/** Only while nothing is in flight: uncommitted holds would be missing. */
export async function lookUpDue(
  store: BookStore,
  state: BookState,
  accounts: readonly Account[],
  releasedUntil: Date,
  now: Date,
): Promise<void> {
  state.forgetDue();
  if (accounts.length === 0) return;
  const notBefore = accounts.map((account) => new Date(state.nextExpiryMs(account) ?? releasedUntil.getTime()));
  const rows = await store.due(
    accounts.map(({ number }) => number),
    notBefore,
    now,
  );
  for (const { number, id } of accounts) {
    const own = rows.filter(({ account }) => account === number);
    const holds = own.flatMap((row): Hold[] =>
      row.seq === null ? [] : [{ seq: row.seq, wallet: id, amount: row.amount, left: row.left, expiresAt: row.expires_at }],
    );
    state.learnDue(id, { holds, nextMs: own[0]?.next_at?.getTime() ?? Number.POSITIVE_INFINITY });
  }
}

/** Makes the expiry entries. They stay when the operations are refused. */
export function releaseDue(state: BookState, { operations }: Group, now: Date, rows: NewRows): void {
  if (!state.hasDue) return;
  for (const { operation } of operations) {
    for (const wallet of operation.kind === 'expire' ? [] : walletsOf(operation, state)) {
      for (const { seq } of state.takeDue(wallet)) {
        const expiry = prepare({ kind: 'expire', key: null, wallet, hold: seq, actor: 'coffer' });
        const decision = decide(state, expiry, now);
        if (decision.type === 'posted') state.apply(expiry, decision, now, rows);
      }
    }
  }
}
