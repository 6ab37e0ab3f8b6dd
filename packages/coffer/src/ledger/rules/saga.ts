/**
 * A transfer in steps, for wallets in separate books: debited in one, credited in the other, ended in the first. Each step is an ordinary
 * entry, decided in its own book on what that book knows. Between two steps the money is in transit, so it is always accounted for.
 */
import { assert } from '../../kernel/index.ts';
import { changed } from './accounts.ts';
import { amounts, effective } from './content.ts';
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
import { walletInOtherBook, partiesOf, unknownNamed } from './parties.ts';
import { spentAfter } from './spending.ts';
import type { Account, TransferCreditOperation, TransferDebitOperation, TransferEndOperation } from './types.ts';

const transit = { system: 'in_transit' } as const;

/** Like a transfer, on everything known about the sender. The recipient's own book decides whether the recipient can be credited. */
export function decideDebit(book: BookView, operation: TransferDebitOperation, now: Date): Decision {
  const { asset, debit, credit, opened, known } = partiesOf(book, { wallet: operation.wallet }, transit, operation.asset);
  const scope = debit && known.debit ? debit.number : null;

  const invalid = amountRefusal(operation.amount, scope);
  if (invalid) return invalid;
  if (operation.wallet === operation.to) return refuse('same_wallet', scope, { wallet: operation.wallet });
  const inOtherBook = walletInOtherBook(book, operation);
  if (inOtherBook !== null) return refuse('other_book', scope, { wallet: inOtherBook });
  const unknown = unknownNamed(book, { wallet: operation.wallet });
  if (unknown !== null) return refuse('account_not_found', scope, { account: unknown });
  if (asset === undefined) return refuse('wallet_not_found', scope, { wallet: operation.wallet });
  if (!book.knowsAsset(asset)) return refuse('asset_unknown', scope, { asset });
  if (!debit || !credit) return refuse('wallet_not_found', scope, { wallet: operation.wallet });

  const refusal =
    assetRefusal(debit, asset, scope) ??
    versionRefusal(operation.expectedVersion, debit.version, scope) ??
    closedRefusal(debit, null, scope) ??
    frozenRefusal(debit, null, scope);
  if (refusal) return refusal;
  const amount = takeFrom(debit, operation.amount, operation.upTo, scope);
  if (typeof amount !== 'bigint') return amount;
  const left = debit.balance - amount - debit.held;
  const excess =
    limitRefusal(debit, amount, now, scope) ??
    minimumRefusal(operation.minimumBalance, debit, left, scope) ??
    balanceLimitRefusal(debit, credit, amount, scope);
  if (excess) return excess;

  const { floor, controls } = debit;
  const debited = changed(debit, debit.balance - amount, debit.held, { floor, controls, spent: spentAfter(debit, amount, now) });
  return moved(debited, changed(credit, credit.balance + amount, credit.held, credit), amount, debited.number, opened);
}

/**
 * The one decision about the transfer. A refusal is remembered like a posting, if necessary by opening the account that remembers it: money
 * may return to the sender only once it is recorded that it can never arrive.
 */
export function decideCredit(book: BookView, operation: TransferCreditOperation): Decision {
  const { debit, credit, opened } = partiesOf(book, transit, { wallet: operation.to }, operation.asset);
  assert(debit, 'the in-transit account exists or is opened');
  const scope = debit.number;
  // A refusal opens only the account that remembers it.
  const remembering = opened.filter((account) => account === debit);
  const remembered = (refused: Refused): Refused => (remembering.length === 0 ? refused : { ...refused, opened: remembering });

  // Sent to the wrong book: no decision, and not remembered as one.
  const inOtherBook = walletInOtherBook(book, { wallet: operation.to });
  if (inOtherBook !== null) return refuse('other_book', null, { wallet: inOtherBook });
  if (!credit) return remembered(refuse('recipient_not_found', scope, { wallet: operation.to }));
  const refusal =
    assetRefusal(credit, operation.asset, scope) ??
    closedRefusal(null, credit, scope) ??
    frozenRefusal(null, credit, scope) ??
    balanceLimitRefusal(debit, credit, operation.amount, scope);
  if (refusal) return remembered(refusal);

  const debited = changed(debit, debit.balance - operation.amount, debit.held, debit);
  return moved(debited, changed(credit, credit.balance + operation.amount, credit.held, credit), operation.amount, scope, opened);
}

/**
 * Ends the transfer either way, under one key. No freeze, closing or limit stops a return, because the money has nowhere else to go. As
 * with reversals, limits are not restored: they count what left the wallet.
 */
export function decideEnd(book: BookView, operation: TransferEndOperation): Decision {
  const account = book.system('in_transit', operation.asset);
  const entry = book.original(operation.ends)?.entry;
  // Not remembered: a step that names no transfer must not block one.
  if (!account || entry?.kind !== 'transfer_debit' || entry.amount === null || entry.debit?.id !== operation.from)
    return refuse('operation_not_found', null, { reverses: operation.ends });
  const { amount } = entry;

  if (operation.kind === 'transfer_complete')
    return moved(changed(account, account.balance, account.held, account), null, amount, account.number);
  const sender = book.wallet(operation.from);
  assert(sender, 'a debited wallet exists');
  const returned = changed(sender, sender.balance + amount, sender.held, sender);
  return moved(changed(account, account.balance - amount, account.held, account), returned, amount, account.number);
}

export function debitContent(operation: TransferDebitOperation): Content {
  const { wallet, to } = operation;
  return { debit: wallet, credit: to, ...amounts(operation), ...effective(operation) };
}

export function creditContent(operation: TransferCreditOperation): Content {
  const { to, transfer, from } = operation;
  return { debit: '$in_transit', credit: to, ...amounts(operation), ...effective(operation), transfer, from };
}

export function endContent(operation: TransferEndOperation): Content {
  const { kind, from, ends, decidedBy, refusal } = operation;
  const credit = kind === 'transfer_return' ? from : null;
  const of = { from, ends, decidedBy, ...(refusal && { refusal: refusal.code }) };
  return { debit: '$in_transit', credit, amount: null, ...effective(operation), ...of };
}

function moved(debit: Account, credit: Account | null, amount: bigint, scope: number, opened: readonly Account[] = noAccounts): Decision {
  return { type: 'posted', opened, debit, credit, amount, scope, hold: null, original: null };
}
