/** Turns a decision into rows of the log. */
import { digestOpening } from '../rules/digest.ts';
import type { Refusal } from '../rules/refusals.ts';
import type { Account, AccountRef, Operation, OpenOperation, RecordedEntry, TransferOperation } from '../rules/types.ts';

type Place = { readonly book: number; readonly seq: number; readonly recordedAt: Date };

/** An opening that was asked for. Its key lives in the scope of the wallet that it opens. */
export function openingEntry(place: Place, asked: OpenOperation, account: Account, digest: string): RecordedEntry {
  return {
    ...opening(place, account, digest),
    operation: place.seq,
    scope: account.number,
    key: asked.key,
  };
}

/** An opening on the way to a posting: the row before it, of the same operation. */
export function openedOnTheWayEntry(place: Place, operation: number, account: Account): RecordedEntry {
  return { ...opening(place, account, digestOpening(account)), operation, scope: null, key: null };
}

function opening(place: Place, account: Account, digest: string): Omit<RecordedEntry, 'operation' | 'scope' | 'key'> {
  return {
    ...place,
    kind: 'open',
    debit: null,
    credit: account,
    asset: account.asset,
    amount: null,
    debitFloor: null,
    digest,
    metadata: null,
    refusal: null,
    details: null,
  };
}

/** `debit` and `credit` as the posting leaves them. */
export function postingEntry(
  place: Place,
  asked: TransferOperation,
  debit: Account,
  credit: Account,
  scope: number,
  digest: string,
): RecordedEntry {
  return {
    book: place.book,
    seq: place.seq,
    recordedAt: place.recordedAt,
    operation: place.seq,
    kind: asked.kind,
    debit,
    credit,
    asset: debit.asset,
    amount: asked.amount,
    debitFloor: debit.floor,
    scope,
    key: asked.key,
    digest,
    metadata: asked.metadata ?? null,
    refusal: null,
    details: null,
  };
}

/** A refusal has no sides, so that it is in nobody's history; what was asked stands in its details. */
export function refusalEntry(place: Place, asked: Operation, refusal: Refusal, scope: number, digest: string): RecordedEntry {
  const content = asked.kind === 'open' ? openContent(asked) : transferContent(asked);
  return {
    ...place,
    operation: place.seq,
    kind: asked.kind,
    debit: null,
    credit: null,
    asset: asked.kind === 'open' ? asked.opens.asset : (asked.asset ?? null),
    amount: null,
    debitFloor: null,
    scope,
    key: asked.key,
    digest,
    metadata: asked.kind === 'open' ? null : (asked.metadata ?? null),
    refusal,
    details: JSON.stringify({ asked: content, facts: refusal.facts }),
  };
}

/** What a refused operation asked for, as it stands in the refusal's details. */
export type AskedContent =
  | { wallet: string; asset: number; owner: string | null; floor: string }
  | { debit: string; credit: string; amount: string; asset: number | null };

function openContent(asked: OpenOperation): AskedContent {
  return {
    wallet: asked.wallet,
    asset: asked.opens.asset,
    owner: asked.opens.owner,
    floor: String(asked.opens.floor),
  };
}

function transferContent(asked: TransferOperation): AskedContent {
  return {
    debit: nameOf(asked.debit),
    credit: nameOf(asked.credit),
    amount: String(asked.amount),
    asset: asked.asset ?? null,
  };
}

function nameOf(ref: AccountRef): string {
  return 'wallet' in ref ? ref.wallet : `$${ref.system}`;
}
