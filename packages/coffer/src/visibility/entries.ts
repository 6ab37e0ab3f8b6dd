/**
 * What of an entry a reader may see. Staff and services see every wallet; a user sees what is the user's own. Nobody sees what system
 * accounts hold (that is for the event log) or the keys of Coffer's own operations.
 */
import { initiatorOf, isInternalKey } from '../ledger/index.ts';
import type { AccountKind, PostedSide, RecordedEntry } from '../ledger/index.ts';
import { isWalletOf, walletBeyondTransit } from '../wallets/index.ts';
import type { Reader } from '../wallets/index.ts';

/** An account as an entry left it; null where the reader may not know. */
export type VisibleSide = {
  readonly id: string;
  readonly kind: AccountKind;
  readonly balance: bigint | null;
  readonly held: bigint | null;
  readonly version: number | null;
};

export type VisibleEntry = {
  /** The idempotency key; null for another user's, and for Coffer's own. */
  readonly key: string | null;
  readonly debit: VisibleSide | null;
  readonly credit: VisibleSide | null;
  /** What the entry did to a hold, for the payer: the seq of the hold, what was left of it, and when it expires. */
  readonly hold: { readonly seq: number; readonly left: bigint | null; readonly expiresAt: Date | null } | null;
  /** Why a correction or a control was decided; by whom, for staff and services. */
  readonly reason: string | null;
  readonly actor: string | null;
};

/**
 * An entry as the reader may see it. `from`: the number of the account it is seen from, as in a wallet's history; absent, it is seen as the
 * operation that its initiator began.
 */
export function visibleEntry(entry: RecordedEntry, reader: Reader, from: number | null = entry.scope): VisibleEntry {
  const { debit, credit } = entry;
  const decision = visibleDecision(entry, reader);
  return {
    key: visibleKey(entry, reader, from),
    debit: debit && visibleSide(debit, reader, beyondTransitOf(debit, entry)),
    credit: credit && visibleSide(credit, reader, beyondTransitOf(credit, entry)),
    hold: visibleHold(entry, reader, from),
    reason: decision?.reason ?? null,
    actor: decision?.actor ?? null,
  };
}

/** The key belongs to the initiator: the recipient of a transfer does not see it, and a refusal is seen by the initiator only. */
export function visibleKey(entry: RecordedEntry, reader: Reader, from: number | null = entry.scope): string | null {
  const { key, scope } = entry;
  if (key === null || scope !== from || isInternalKey(key)) return null;
  const initiator = initiatorOf(entry);
  return !initiator || isOwn(initiator.id, reader) ? key : null;
}

/** `beyond`: the wallet on the other side of transit, of which nothing is known here but its id. */
export function visibleSide(side: PostedSide, reader: Reader, beyond: string | null = null): VisibleSide {
  const { id, kind, balance, held, version } = side;
  if (beyond !== null) return { id: beyond, kind: 'wallet', balance: null, held: null, version: null };
  if (kind !== 'wallet' || !isOwn(id, reader)) return { id, kind, balance: null, held: null, version: null };
  return { id, kind, balance, held, version };
}

/** What is left of a hold is the payer's business, not that of the account a part of it went to. */
function visibleHold(entry: RecordedEntry, reader: Reader, from: number | null): VisibleEntry['hold'] {
  const { hold, holdLeft, expiresAt, debit, credit } = entry;
  if (hold === null) return null;
  const isRecipient = credit !== null && credit.number === from;
  if (isRecipient || (debit && !isOwn(debit.id, reader))) return null;
  return { seq: hold, left: holdLeft, expiresAt };
}

/** Users see why something was decided, not by whom. */
export function visibleDecision(
  entry: RecordedEntry,
  { onlyOwner }: Reader,
): { readonly reason: string; readonly actor: string | null } | null {
  const decision = decisionIn(entry);
  return decision && { reason: decision.reason, actor: onlyOwner === undefined ? decision.actor : null };
}

/** Of corrections and controls that were carried out; what a refused one asked for is in its details. */
export function decisionIn({ details, refusal }: RecordedEntry): { readonly reason: string; readonly actor: string } | null {
  if (details === null || refusal) return null;
  const { reason, actor } = JSON.parse(details) as { reason?: string; actor?: string };
  return reason === undefined || actor === undefined ? null : { reason, actor };
}

/** Whether a wallet is one that the reader may see all of. */
export function isOwn(walletId: string, { onlyOwner }: Reader): boolean {
  return onlyOwner === undefined || isWalletOf(walletId, onlyOwner);
}

function beyondTransitOf(side: PostedSide, entry: RecordedEntry): string | null {
  return side.kind === 'in_transit' ? walletBeyondTransit(entry) : null;
}
