/** Transfers. Read `decideTransfer` top to bottom: each guard returns one named refusal, in the order of precedence of refusals.ts. */
import { changed } from './accounts.ts';
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
  takeFrom,
  versionRefusal,
} from './guards.ts';
import { elsewhere, isSameAccount, nameOf, partiesOf } from './parties.ts';
import type { RefusalCode } from './refusals.ts';
import { spentAfter } from './spending.ts';
import { initiatingSide } from './types.ts';
import type { TransferOperation } from './types.ts';

export function decideTransfer(book: BookView, asked: TransferOperation, now: Date): Decision {
  const { asset, debit, credit, opened, known } = partiesOf(book, asked.debit, asked.credit, asked.asset);
  const side = initiatingSide[asked.kind];
  const initiator = known[side] ? (side === 'debit' ? debit : credit) : undefined;
  const scope = initiator ? initiator.number : null;
  const abroad = elsewhere(book, asked.debit) ?? elsewhere(book, asked.credit);

  const invalid = amountRefusal(asked.amount, scope);
  if (invalid) return invalid;
  if (isSameAccount(asked.debit, asked.credit)) return refuse('same_wallet', scope, { wallet: nameOf(asked.debit) });
  if (abroad !== null) return refuse('other_book', scope, { wallet: abroad });
  if (asset === undefined) return refuse('wallet_not_found', scope, { wallet: nameOf(asked[side]) });
  if (!book.knowsAsset(asset)) return refuse('asset_unknown', scope, { asset });
  if (!debit) return refuse(missing('debit', asked), scope, { wallet: nameOf(asked.debit) });
  if (!credit) return refuse(missing('credit', asked), scope, { wallet: nameOf(asked.credit) });

  const refusal =
    assetRefusal(debit, asset, scope) ??
    assetRefusal(credit, asset, scope) ??
    versionRefusal(asked.expectedVersion, initiator ? initiator.version : 0, scope) ??
    closedRefusal(debit, credit, scope) ??
    frozenRefusal(debit, credit, scope);
  if (refusal) return refusal;
  const amount = takeFrom(debit, asked.amount, asked.upTo, scope);
  if (typeof amount !== 'bigint') return amount;
  const left = side === 'debit' ? debit.balance - amount - debit.held : credit.balance + amount - credit.held;
  const excess =
    limitRefusal(debit, amount, now, scope) ??
    minimumRefusal(asked.minimumBalance, side === 'debit' ? debit : credit, left, scope) ??
    balanceLimitRefusal(debit, credit, amount, scope);
  if (excess) return excess;

  const { floor, controls } = debit;
  const debited = changed(debit, debit.balance - amount, debit.held, { floor, controls, spent: spentAfter(debit, amount, now) });
  const credited = changed(credit, credit.balance + amount, credit.held, credit);
  const owner = side === 'debit' ? debited : credited;
  return { type: 'posted', opened, debit: debited, credit: credited, amount, scope: owner.number, hold: null, original: null };
}

function missing(side: 'debit' | 'credit', asked: TransferOperation): RefusalCode {
  return side === initiatingSide[asked.kind] ? 'wallet_not_found' : 'recipient_not_found';
}
