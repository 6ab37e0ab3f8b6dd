/**
 * The rules of the ledger. Pure: a view of the book, an operation and a moment in, a decision out; no clock, no I/O, no randomness. Each
 * kind of operation has its own file, a straight list of guards.
 */
import { openWallet } from './accounts.ts';
import { initiatorId, isOfTransit } from './asked.ts';
import type { Asked } from './asked.ts';
import { decideControl } from './control.ts';
import { refuse } from './decision.ts';
import type { BookView, Decision } from './decision.ts';
import { decideCapture, decideExpiry, decideHold, decideRelease } from './hold.ts';
import { elsewhere, systemAccountOf, walletOf } from './parties.ts';
import { decideReversal } from './reversal.ts';
import { decideCredit, decideDebit, decideEnd } from './saga.ts';
import { decideTransfer } from './transfer.ts';
import { initiatingSide } from './types.ts';
import type { Account, OpenOperation, Operation, RecordedEntry } from './types.ts';

export function decide(book: BookView, asked: Asked, now: Date): Decision {
  const { operation } = asked;
  if (isAnothers(book, operation)) return refuse('wallet_not_found', null, { wallet: initiatorId(operation) });
  const before = book.remembered(asked);
  if (before && isRetry(before, asked)) return { type: 'replayed', entry: before };
  if (before) return refuse('idempotency_key_reused', null, { key: operation.key ?? '' });

  switch (operation.kind) {
    case 'open':
      return decideOpen(book, operation);
    case 'transfer_debit':
      return decideDebit(book, operation, now);
    case 'transfer_credit':
      return decideCredit(book, operation);
    case 'transfer_complete':
    case 'transfer_return':
      return decideEnd(book, operation);
    case 'hold':
      return decideHold(book, operation, now);
    case 'capture':
      return decideCapture(book, operation, now);
    case 'release':
      return decideRelease(book, operation, now);
    case 'expire':
      return decideExpiry(book, operation, now);
    case 'reversal':
      return decideReversal(book, operation, now);
    case 'freeze':
    case 'unfreeze':
    case 'close':
    case 'limit':
    case 'credit_line':
      return decideControl(book, operation, now);
    default:
      return decideTransfer(book, operation, now);
  }
}

function decideOpen(book: BookView, asked: OpenOperation): Decision {
  const existing = book.wallet(asked.wallet);
  const { asset } = asked.opens;

  if (existing) return refuse('wallet_exists', existing.number, { wallet: asked.wallet });
  if (elsewhere(book, asked) !== null) return refuse('other_book', null, { wallet: asked.wallet });
  if (!book.knowsAsset(asset)) return refuse('asset_unknown', null, { asset });

  return { type: 'opened', account: openWallet(asked.wallet, asked.opens, book.nextAccountNumber) };
}

/** A wallet that an operation may open belongs to the owner it names. */
export function isAnothers(book: Pick<BookView, 'wallet' | 'system' | 'account'>, operation: Operation): boolean {
  if (!('onlyOwner' in operation) || operation.onlyOwner === undefined) return false;
  const initiator = initiatorOf(book, operation);
  if (initiator) return initiator.owner !== operation.onlyOwner;
  const ref = 'wallet' in operation || operation.kind === 'reversal' ? null : operation[initiatingSide[operation.kind]];
  return !(ref && 'wallet' in ref && ref.opens?.owner === operation.onlyOwner);
}

/** The digest omits the asset, because most callers do. A caller who names it means that one. */
export function isRetry(before: RecordedEntry, { operation, digest }: Asked): boolean {
  const asset = operation.kind === 'open' ? operation.opens.asset : 'asset' in operation ? operation.asset : undefined;
  return before.digest === digest && (asset === undefined || before.asset === null || before.asset === asset);
}

/** The account in whose scope the operation's key is, if the account exists. */
export function initiatorOf(book: Pick<BookView, 'wallet' | 'system' | 'account'>, asked: Operation): Account | undefined {
  if ('wallet' in asked) return book.wallet(asked.wallet);
  if (asked.kind === 'reversal') return book.account(asked.initiator);
  if (isOfTransit(asked)) return book.system('in_transit', asked.asset);
  const ref = asked[initiatingSide[asked.kind]];
  return walletOf(book, ref) ?? systemAccountOf(book, ref, asked.asset);
}
