/** Holds: an amount is authorised, then captured in one or several parts, released, or it expires by the database's clock. */
import { changed, maximumAmount } from './accounts.ts';
import { amounts, contentName, effective } from './content.ts';
import type { Content } from './content.ts';
import { noAccounts, refuse } from './decision.ts';
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
import { walletInOtherBook, isSameAccount, nameOf, partiesOf } from './parties.ts';
import { spentAfter } from './spending.ts';
import type { Account, CaptureOperation, ExpireOperation, Hold, HoldOperation, ReleaseOperation } from './types.ts';

export function decideHold(book: BookView, operation: HoldOperation, now: Date): Decision {
  const account = book.wallet(operation.wallet);
  const scope = account ? account.number : null;
  const asset = operation.asset ?? account?.asset;

  const invalid = amountRefusal(operation.amount, scope);
  if (invalid) return invalid;
  if (walletInOtherBook(book, operation) !== null) return refuse('other_book', scope, { wallet: operation.wallet });
  if (asset !== undefined && !book.knowsAsset(asset)) return refuse('asset_unknown', scope, { asset });
  if (!account || asset === undefined) return refuse('wallet_not_found', scope, { wallet: operation.wallet });
  const refusal =
    assetRefusal(account, asset, scope) ??
    versionRefusal(operation.expectedVersion, account.version, scope) ??
    closedRefusal(account, null, scope) ??
    frozenRefusal(account, null, scope);
  if (refusal) return refusal;
  const amount = takeFrom(account, operation.amount, operation.upTo, scope);
  if (typeof amount !== 'bigint') return amount;
  const excess =
    limitRefusal(account, amount, now, scope) ??
    minimumRefusal(operation.minimumBalance, account, account.balance - account.held - amount, scope);
  if (excess) return excess;
  // A large credit line on top of a full balance would allow more than a column can store.
  if (account.held + amount > maximumAmount) return refuse('balance_limit', scope, { wallet: operation.wallet });

  const expiresAt = operation.expiresInSeconds === undefined ? null : new Date(now.getTime() + operation.expiresInSeconds * 1000);
  const hold: Hold = { seq: book.nextSeq, wallet: account.id, amount, left: amount, expiresAt };
  return noted(account, account.held + amount, amount, hold, account.number, now);
}

export function decideCapture(book: BookView, operation: CaptureOperation, now: Date): Decision {
  const from = { wallet: operation.wallet };
  const { asset, debit, credit, opened, known } = partiesOf(book, from, operation.credit, undefined);
  const scope = known.debit && debit ? debit.number : null;
  const hold = holdOf(book, operation);
  const inOtherBook = walletInOtherBook(book, from) ?? walletInOtherBook(book, operation.credit);

  const invalid = amountRefusal(operation.amount, scope);
  if (invalid) return invalid;
  if (isSameAccount(from, operation.credit)) return refuse('same_wallet', scope, { wallet: operation.wallet });
  if (inOtherBook !== null) return refuse('other_book', scope, { wallet: inOtherBook });
  if (!debit || asset === undefined) return refuse('wallet_not_found', scope, { wallet: operation.wallet });
  if (!credit) return refuse('recipient_not_found', scope, { wallet: nameOf(operation.credit) });
  if (!hold) return refuse('hold_not_found', scope, { wallet: operation.wallet, hold: operation.hold });
  const refusal =
    assetRefusal(credit, asset, scope) ??
    versionRefusal(operation.expectedVersion, debit.version, scope) ??
    closedRefusal(debit, credit, scope) ??
    frozenRefusal(debit, credit, scope) ??
    endedRefusal(hold, now, scope);
  if (refusal) return refusal;
  const amount = takeOf(hold, operation.amount, operation.upTo, scope);
  if (typeof amount !== 'bigint') return amount;
  const excess = balanceLimitRefusal(debit, credit, amount, scope);
  if (excess) return excess;

  const left = operation.final === true ? 0n : hold.left - amount;
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

export function decideRelease(book: BookView, operation: ReleaseOperation, now: Date): Decision {
  const account = book.wallet(operation.wallet);
  const scope = account ? account.number : null;
  const hold = holdOf(book, operation);

  const invalid = amountRefusal(operation.amount, scope);
  if (invalid) return invalid;
  if (walletInOtherBook(book, operation) !== null) return refuse('other_book', scope, { wallet: operation.wallet });
  if (!account) return refuse('wallet_not_found', scope, { wallet: operation.wallet });
  if (!hold) return refuse('hold_not_found', scope, { wallet: operation.wallet, hold: operation.hold });
  const refusal = versionRefusal(operation.expectedVersion, account.version, scope) ?? endedRefusal(hold, now, scope);
  if (refusal) return refusal;
  const amount = takeOf(hold, operation.amount, operation.upTo, scope);
  if (typeof amount !== 'bigint') return amount;

  return noted(account, account.held - amount, amount, { ...hold, left: hold.left - amount }, account.number, now);
}

/** Internal, so its refusals are remembered for no account. */
export function decideExpiry(book: BookView, operation: ExpireOperation, now: Date): Decision {
  const account = book.wallet(operation.wallet);
  const hold = holdOf(book, operation);

  if (!account || !hold) return refuse('hold_not_found', null, { wallet: operation.wallet, hold: operation.hold });
  if (!hasExpired(hold, now)) return refuse('hold_not_expired', null, { hold: operation.hold });
  if (hold.left === 0n) return refuse('hold_resolved', null, { hold: operation.hold });

  return noted(account, account.held - hold.left, hold.left, { ...hold, left: 0n }, null, now);
}

export function holdContent(operation: HoldOperation): Content {
  const { wallet, expiresInSeconds } = operation;
  return { debit: wallet, credit: null, ...amounts(operation), ...(expiresInSeconds !== undefined && { expiresInSeconds }) };
}

export function captureContent(operation: CaptureOperation): Content {
  const { wallet, hold, credit, final } = operation;
  const further = { hold, ...(final === true && { final }), ...effective(operation) };
  return { debit: wallet, credit: contentName(credit), ...amounts(operation), ...further };
}

export function releaseContent(operation: ReleaseOperation): Content {
  const { wallet, hold } = operation;
  return { debit: wallet, credit: null, ...amounts(operation), hold };
}

export function expiryContent({ wallet, hold }: ExpireOperation): Content {
  return { debit: wallet, credit: null, amount: null, hold };
}

/** An entry that names one account and keeps its balance. */
function noted(account: Account, held: bigint, amount: bigint, hold: Hold, scope: number | null, now: Date): Decision {
  const { floor, controls } = account;
  const debit = changed(account, account.balance, held, { floor, controls, spent: spentAfter(account, 0n, now) });
  return { type: 'posted', opened: noAccounts, debit, credit: null, amount, scope, hold, original: null };
}

function holdOf(book: BookView, operation: { readonly wallet: string; readonly hold: number }): Hold | undefined {
  const hold = book.hold(operation.hold);
  return hold?.wallet === operation.wallet ? hold : undefined;
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
