/** Holds: an amount is authorised, then captured in one or several parts, released, or it expires by the database's clock. */
import { changed, maximumAmount } from './accounts.ts';
import { nobody, refuse } from './decision.ts';
import type { BookView, Decision, Refused } from './decision.ts';
import {
  amountRefusal,
  assetRefusal,
  balanceLimitRefusal,
  closedRefusal,
  frozenRefusal,
  limitRefusal,
  minimumRefusal,
  takeFrom,
  versionRefusal,
} from './guards.ts';
import { elsewhere, isSameAccount, nameOf, partiesOf } from './parties.ts';
import { spentAfter } from './spending.ts';
import type { Account, CaptureOperation, ExpireOperation, Hold, HoldOperation, ReleaseOperation } from './types.ts';

export function decideHold(book: BookView, asked: HoldOperation, now: Date): Decision {
  const account = book.wallet(asked.wallet);
  const scope = account ? account.number : null;
  const asset = asked.asset ?? account?.asset;

  const invalid = amountRefusal(asked.amount, scope);
  if (invalid) return invalid;
  if (elsewhere(book, asked) !== null) return refuse('other_book', scope, { wallet: asked.wallet });
  if (asset !== undefined && !book.knowsAsset(asset)) return refuse('asset_unknown', scope, { asset });
  if (!account || asset === undefined) return refuse('wallet_not_found', scope, { wallet: asked.wallet });
  const refusal =
    assetRefusal(account, asset, scope) ??
    versionRefusal(asked.expectedVersion, account.version, scope) ??
    closedRefusal(account, null, scope) ??
    frozenRefusal(account, null, scope);
  if (refusal) return refusal;
  const amount = takeFrom(account, asked.amount, asked.upTo, scope);
  if (typeof amount !== 'bigint') return amount;
  const excess =
    limitRefusal(account, amount, now, scope) ??
    minimumRefusal(asked.minimumBalance, account, account.balance - account.held - amount, scope);
  if (excess) return excess;
  // A large credit line on top of a full balance would allow more than a column can store.
  if (account.held + amount > maximumAmount) return refuse('balance_limit', scope, { wallet: asked.wallet });

  const expiresAt = asked.expiresInSeconds === undefined ? null : new Date(now.getTime() + asked.expiresInSeconds * 1000);
  const hold: Hold = { seq: book.nextSeq, wallet: account.id, amount, left: amount, expiresAt };
  return noted(account, account.held + amount, amount, hold, account.number, now);
}

export function decideCapture(book: BookView, asked: CaptureOperation, now: Date): Decision {
  const from = { wallet: asked.wallet };
  const { asset, debit, credit, opened, known } = partiesOf(book, from, asked.credit, undefined);
  const scope = known.debit && debit ? debit.number : null;
  const hold = holdOf(book, asked);
  const abroad = elsewhere(book, from) ?? elsewhere(book, asked.credit);

  const invalid = amountRefusal(asked.amount, scope);
  if (invalid) return invalid;
  if (isSameAccount(from, asked.credit)) return refuse('same_wallet', scope, { wallet: asked.wallet });
  if (abroad !== null) return refuse('other_book', scope, { wallet: abroad });
  if (!debit || asset === undefined) return refuse('wallet_not_found', scope, { wallet: asked.wallet });
  if (!credit) return refuse('recipient_not_found', scope, { wallet: nameOf(asked.credit) });
  if (!hold) return refuse('hold_not_found', scope, { wallet: asked.wallet, hold: asked.hold });
  const refusal =
    assetRefusal(credit, asset, scope) ??
    versionRefusal(asked.expectedVersion, debit.version, scope) ??
    closedRefusal(debit, credit, scope) ??
    frozenRefusal(debit, credit, scope) ??
    endedRefusal(hold, now, scope);
  if (refusal) return refusal;
  const amount = takeOf(hold, asked.amount, asked.upTo, scope);
  if (typeof amount !== 'bigint') return amount;
  const excess = balanceLimitRefusal(debit, credit, amount, scope);
  if (excess) return excess;

  const left = asked.final === true ? 0n : hold.left - amount;
  const { floor, controls } = debit;
  const spent = spentAfter(debit, amount, now);
  return {
    type: 'posted',
    opened,
    debit: changed(debit, debit.balance - amount, debit.held - (hold.left - left), { floor, controls, spent }),
    credit: changed(credit, credit.balance + amount, credit.held, credit),
    amount,
    scope: debit.number,
    hold: { ...hold, left },
    original: null,
  };
}

export function decideRelease(book: BookView, asked: ReleaseOperation, now: Date): Decision {
  const account = book.wallet(asked.wallet);
  const scope = account ? account.number : null;
  const hold = holdOf(book, asked);

  const invalid = amountRefusal(asked.amount, scope);
  if (invalid) return invalid;
  if (elsewhere(book, asked) !== null) return refuse('other_book', scope, { wallet: asked.wallet });
  if (!account) return refuse('wallet_not_found', scope, { wallet: asked.wallet });
  if (!hold) return refuse('hold_not_found', scope, { wallet: asked.wallet, hold: asked.hold });
  const refusal = versionRefusal(asked.expectedVersion, account.version, scope) ?? endedRefusal(hold, now, scope);
  if (refusal) return refusal;
  const amount = takeOf(hold, asked.amount, asked.upTo, scope);
  if (typeof amount !== 'bigint') return amount;

  return noted(account, account.held - amount, amount, { ...hold, left: hold.left - amount }, account.number, now);
}

/** Internal, so its refusals are remembered for no account. */
export function decideExpiry(book: BookView, asked: ExpireOperation, now: Date): Decision {
  const account = book.wallet(asked.wallet);
  const hold = holdOf(book, asked);

  if (!account || !hold) return refuse('hold_not_found', null, { wallet: asked.wallet, hold: asked.hold });
  if (!hasExpired(hold, now)) return refuse('hold_not_expired', null, { hold: asked.hold });
  if (hold.left === 0n) return refuse('hold_resolved', null, { hold: asked.hold });

  return noted(account, account.held - hold.left, hold.left, { ...hold, left: 0n }, null, now);
}

/** An entry that names one account and keeps its balance. */
function noted(account: Account, held: bigint, amount: bigint, hold: Hold, scope: number | null, now: Date): Decision {
  const { floor, controls } = account;
  const debit = changed(account, account.balance, held, { floor, controls, spent: spentAfter(account, 0n, now) });
  return { type: 'posted', opened: nobody, debit, credit: null, amount, scope, hold, original: null };
}

function holdOf(book: BookView, asked: { readonly wallet: string; readonly hold: number }): Hold | undefined {
  const hold = book.hold(asked.hold);
  return hold?.wallet === asked.wallet ? hold : undefined;
}

/** Past its expiry a hold has ended, even if its rest has not been released yet. */
function endedRefusal(hold: Hold, now: Date, scope: number | null): Refused | null {
  if (hold.expiresAt && hasExpired(hold, now)) return refuse('hold_expired', scope, { hold: hold.seq, expiredAt: hold.expiresAt });
  if (hold.left === 0n) return refuse('hold_resolved', scope, { hold: hold.seq });
  return null;
}

function hasExpired(hold: Hold, now: Date): boolean {
  return hold.expiresAt !== null && now >= hold.expiresAt;
}

function takeOf(hold: Hold, amount: bigint, upTo: boolean | undefined, scope: number | null): bigint | Refused {
  if (amount <= hold.left) return amount;
  return upTo === true ? hold.left : refuse('hold_exceeded', scope, { hold: hold.seq, left: hold.left, requested: amount });
}
