/** Guards that several operations share. Each returns its refusal, or null. */
import { availableOf, maximumAmount, maximumBalance } from './accounts.ts';
import { refuse } from './decision.ts';
import type { BookView, Refused } from './decision.ts';
import { usedBy } from './spending.ts';
import type { Account } from './types.ts';

type Scope = number | null;

export function amountRefusal(amount: bigint, scope: Scope): Refused | null {
  return amount < 1n || amount > maximumAmount ? refuse('amount_invalid', scope, { amount }) : null;
}

export function assetRefusal(account: Account, asset: number, scope: Scope): Refused | null {
  return account.asset === asset ? null : refuse('asset_mismatch', scope, { wallet: account.id, walletAsset: account.asset, asset });
}

export function versionRefusal(expectedVersion: number | undefined, currentVersion: number, scope: Scope): Refused | null {
  if (expectedVersion === undefined || expectedVersion === currentVersion) return null;
  return refuse('version_stale', scope, { expectedVersion, currentVersion });
}

/** Existing wallets of a retired asset go on, and so do the book's own accounts. */
export function retiredRefusal(book: Pick<BookView, 'isRetired'>, opened: readonly Account[], scope: Scope): Refused | null {
  const wallet = opened.find(({ kind, asset }) => kind === 'wallet' && book.isRetired(asset));
  return wallet ? refuse('asset_retired', scope, { asset: wallet.asset }) : null;
}

/** A closed side stays shut. */
export function closedRefusal(debit: Account | null, credit: Account | null, scope: Scope): Refused | null {
  if (debit?.controls.debits === 'closed') return refuse('wallet_closed', scope, { wallet: debit.id, side: 'debits' });
  if (credit?.controls.credits === 'closed') return refuse('wallet_closed', scope, { wallet: credit.id, side: 'credits' });
  return null;
}

/** A frozen side lets nothing pass but what operators decide. */
export function frozenRefusal(debit: Account | null, credit: Account | null, scope: Scope): Refused | null {
  if (debit?.controls.debits === 'frozen') return refuse('wallet_frozen', scope, { wallet: debit.id, side: 'debits' });
  if (credit?.controls.credits === 'frozen') return refuse('wallet_frozen', scope, { wallet: credit.id, side: 'credits' });
  return null;
}

/** A held amount counts as spent while it is held, so that a limit never refuses a capture. */
export function limitRefusal(account: Account, amount: bigint, now: Date, scope: Scope): Refused | null {
  const { limits } = account.controls;
  if (!limits) return null;
  const { day, month } = usedBy(account, now);
  const used = { perTransfer: 0n, perDay: day, perMonth: month };
  for (const limit of ['perTransfer', 'perDay', 'perMonth'] as const) {
    const allowed = limits[limit];
    if (allowed !== null && used[limit] + amount > allowed)
      return refuse('limit_exceeded', scope, { wallet: account.id, limit, allowed, used: used[limit], requested: amount });
  }
  return null;
}

/** The amount to take: all that was requested, or with `upTo` as much of it as is available. Refused when there is less, or nothing. */
export function takeFrom(account: Account, amount: bigint, upTo: boolean | undefined, scope: Scope): bigint | Refused {
  const available = availableOf(account);
  if (available === null || amount <= available) return amount;
  if (upTo === true && available > 0n) return available;
  return refuse('insufficient_funds', scope, { wallet: account.id, available, requested: amount });
}

export function minimumRefusal(minimumBalance: bigint | undefined, account: Account, after: bigint, scope: Scope): Refused | null {
  if (minimumBalance === undefined || after >= minimumBalance) return null;
  return refuse('balance_below_minimum', scope, { wallet: account.id, minimumBalance, balance: after });
}

export function balanceLimitRefusal(debit: Account, credit: Account, amount: bigint, scope: Scope): Refused | null {
  if (debit.balance - amount < -maximumBalance(debit.kind)) return refuse('balance_limit', scope, { wallet: debit.id });
  if (credit.balance + amount > maximumBalance(credit.kind)) return refuse('balance_limit', scope, { wallet: credit.id });
  return null;
}
