/** Transfers. Read `decideTransfer` top to bottom: each guard returns one named refusal, in the order of precedence of refusals.ts. */
import { changed } from './accounts.ts';
import { amounts, contentName, effective } from './content.ts';
import type { Content } from './content.ts';
import { refuse } from './decision.ts';
import type { BookView, Decision } from './decision.ts';
import {
  amountRefusal,
  assetRefusal,
  balanceLimitRefusal,
  closedRefusal,
  frozenRefusal,
  limitRefusal,
  minimumRefusal,
  retiredRefusal,
  takeFrom,
  versionRefusal,
} from './guards.ts';
import { walletInOtherBook, isSameAccount, nameOf, partiesOf, unknownNamed } from './parties.ts';
import type { RefusalCode } from './refusals.ts';
import { spentAfter } from './spending.ts';
import { initiatingSideOf } from './initiating-side.ts';
import type { TransferOperation } from './types.ts';

export function decideTransfer(book: BookView, operation: TransferOperation, now: Date): Decision {
  const { asset, debit, credit, opened, known } = partiesOf(book, operation.debit, operation.credit, operation.asset);
  const side = initiatingSideOf(operation);
  const initiator = known[side] ? (side === 'debit' ? debit : credit) : undefined;
  const scope = initiator ? initiator.number : null;
  const inOtherBook = walletInOtherBook(book, operation.debit) ?? walletInOtherBook(book, operation.credit);

  const invalid = amountRefusal(operation.amount, scope);
  if (invalid) return invalid;
  if (isSameAccount(operation.debit, operation.credit)) return refuse('same_wallet', scope, { wallet: nameOf(operation.debit) });
  if (inOtherBook !== null) return refuse('other_book', scope, { wallet: inOtherBook });
  const unknown = unknownNamed(book, operation.debit) ?? unknownNamed(book, operation.credit);
  if (unknown !== null) return refuse('account_not_found', scope, { account: unknown });
  if (asset === undefined) return refuse('wallet_not_found', scope, { wallet: nameOf(operation[side]) });
  if (!book.knowsAsset(asset)) return refuse('asset_unknown', scope, { asset });
  const retired = retiredRefusal(book, opened, scope);
  if (retired) return retired;
  if (!debit) return refuse(missing('debit', operation), scope, { wallet: nameOf(operation.debit) });
  if (!credit) return refuse(missing('credit', operation), scope, { wallet: nameOf(operation.credit) });

  const refusal =
    assetRefusal(debit, asset, scope) ??
    assetRefusal(credit, asset, scope) ??
    versionRefusal(operation.expectedVersion, initiator ? initiator.version : 0, scope) ??
    closedRefusal(debit, credit, scope) ??
    frozenRefusal(debit, credit, scope);
  if (refusal) return refusal;
  const amount = takeFrom(debit, operation.amount, operation.upTo, scope);
  if (typeof amount !== 'bigint') return amount;
  const left = side === 'debit' ? debit.balance - amount - debit.held : credit.balance + amount - credit.held;
  const excess =
    limitRefusal(debit, amount, now, scope) ??
    minimumRefusal(operation.minimumBalance, side === 'debit' ? debit : credit, left, scope) ??
    balanceLimitRefusal(debit, credit, amount, scope);
  if (excess) return excess;

  const { floor, controls } = debit;
  const debited = changed(debit, debit.balance - amount, debit.held, { floor, controls, spent: spentAfter(debit, amount, now) });
  const credited = changed(credit, credit.balance + amount, credit.held, credit);
  const owner = side === 'debit' ? debited : credited;
  return { type: 'posted', opened, debit: debited, credit: credited, amount, scope: owner.number, hold: null, original: null };
}

export function transferContent(operation: TransferOperation): Content {
  const { debit, credit, reason, actor } = operation;
  const decided = reason === undefined ? {} : { reason, ...(actor !== undefined && { actor }) };
  return { debit: contentName(debit), credit: contentName(credit), ...amounts(operation), ...effective(operation), ...decided };
}

function missing(side: 'debit' | 'credit', operation: TransferOperation): RefusalCode {
  return side === initiatingSideOf(operation) ? 'wallet_not_found' : 'recipient_not_found';
}
