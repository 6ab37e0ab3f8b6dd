/**
 * The rules of the ledger. Pure: a view of the book, an operation and a moment in, a decision out; no clock, no I/O, no randomness. The
 * rules of each kind are a straight list of guards in a file of their own; kinds.ts lists them.
 */
import { openWallet } from './accounts.ts';
import { initiatorId, isOfTransit } from './prepared.ts';
import { refuse } from './decision.ts';
import type { BookView, Decision, PreparedOperation } from './decision.ts';
import { isInKeyspace, keyspaceOf } from './keyspaces.ts';
import { rulesOf } from './kinds.ts';
import { walletInOtherBook, systemAccountOf, walletOf } from './parties.ts';
import { isSelfApproved } from './second-person.ts';
import { initiatingSideOf } from './initiating-side.ts';
import type { Account, OpenOperation, Operation, RecordedEntry } from './types.ts';

export function decide(book: BookView, prepared: PreparedOperation, now: Date): Decision {
  const { operation } = prepared;
  if (isOwnedByOther(book, operation)) return refuse('wallet_not_found', null, { wallet: initiatorId(operation) });
  const before = book.remembered(prepared);
  if (before && isRetry(before, prepared)) return { type: 'replayed', entry: before };
  if (before) return refuse('idempotency_key_reused', null, { key: operation.key ?? '' });
  if (isSelfApproved(book, operation)) return refuse('self_approval', null, { approver: operation.approver ?? '' });

  return operation.kind === 'open' ? decideOpen(book, operation) : rulesOf(operation).decide(book, operation, now);
}

function decideOpen(book: BookView, operation: OpenOperation): Decision {
  const existing = book.wallet(operation.wallet);
  const { asset } = operation.opens;

  if (existing) return refuse('wallet_exists', existing.number, { wallet: operation.wallet });
  if (walletInOtherBook(book, operation) !== null) return refuse('other_book', null, { wallet: operation.wallet });
  if (!book.knowsAsset(asset)) return refuse('asset_unknown', null, { asset });
  if (book.isRetired(asset)) return refuse('asset_retired', null, { asset });

  return { type: 'opened', account: openWallet(operation.wallet, operation.opens, { number: book.nextAccountNumber, seq: book.nextSeq }) };
}

/** A wallet that an operation may open belongs to the owner it names. */
export function isOwnedByOther(book: Pick<BookView, 'wallet' | 'system' | 'account'>, operation: Operation): boolean {
  if (!('onlyOwner' in operation) || operation.onlyOwner === undefined) return false;
  const initiator = initiatorOf(book, operation);
  if (initiator) return initiator.owner !== operation.onlyOwner;
  const ref = 'wallet' in operation || operation.kind === 'reversal' ? null : operation[initiatingSideOf(operation)];
  return !(ref && 'wallet' in ref && ref.opens?.owner === operation.onlyOwner);
}

/** Of the same kind of principal, with the same content. The digest omits the asset, because most callers do. A caller who names it means that one. */
export function isRetry(before: RecordedEntry, { operation, digest }: PreparedOperation): boolean {
  const asset = operation.kind === 'open' ? operation.opens.asset : 'asset' in operation ? operation.asset : undefined;
  return (
    isInKeyspace(before, keyspaceOf(operation.actor)) &&
    before.digest === digest &&
    (asset === undefined || before.asset === null || before.asset === asset)
  );
}

/** The account in whose scope the operation's key is, if the account exists. */
export function initiatorOf(book: Pick<BookView, 'wallet' | 'system' | 'account'>, operation: Operation): Account | undefined {
  if ('wallet' in operation) return book.wallet(operation.wallet);
  if (operation.kind === 'reversal') return book.account(operation.initiator);
  if (isOfTransit(operation)) return book.system('in_transit', operation.asset);
  const ref = operation[initiatingSideOf(operation)];
  return walletOf(book, ref) ?? systemAccountOf(book, ref, operation.asset);
}
