/**
 * The parts of an entry that a reader may see. Staff and services see every wallet; a user sees the user's own. System account balances
 * (they are for the event log) and internal keys are hidden from everyone.
 */
import { initiatorOf, isInternalKey, isNamedId, keyspaceOf } from '../ledger/index.ts';
import type { AccountKind, Keyspace, PostedSide, RecordedEntry } from '../ledger/index.ts';
import { isWalletOf, walletBeyondTransit } from '../wallets/index.ts';
import type { Reader } from '../wallets/index.ts';

/** An account after an entry; null where the reader may not see it. */
export type VisibleSide = {
  readonly id: string;
  readonly kind: AccountKind;
  readonly balance: bigint | null;
  readonly held: bigint | null;
  readonly version: number | null;
};

export type VisibleEntry = {
  /** The idempotency key; null for another user's, and for internal ones. */
  readonly key: string | null;
  /** Whose key it is; null without one. */
  readonly keyspace: Keyspace | null;
  readonly debit: VisibleSide | null;
  readonly credit: VisibleSide | null;
  /** What the entry did to a hold, for the payer: the seq of the hold, what was left of it, and when it expires. */
  readonly hold: { readonly seq: number; readonly left: bigint | null; readonly expiresAt: Date | null } | null;
  /** The reason of a correction or a control. */
  readonly reason: string | null;
  /** Who asked for it, and who approved it: for staff and services. */
  readonly actor: string | null;
  readonly approver: string | null;
};

/**
 * An entry as the reader may see it. `from`: the number of the account whose history is read; absent, the entry is read as the operation of
 * its initiator.
 */
export function visibleEntry(entry: RecordedEntry, reader: Reader, from: number | null = entry.scope): VisibleEntry {
  const { debit, credit } = entry;
  const decision = visibleDecision(entry, reader);
  const key = visibleKey(entry, reader, from);
  return {
    key,
    keyspace: key === null ? null : keyspaceOf(entry.actor),
    debit: debit && visibleSide(debit, reader, beyondTransitOf(debit, entry)),
    credit: credit && visibleSide(credit, reader, beyondTransitOf(credit, entry)),
    hold: visibleHold(entry, reader, from),
    reason: decision?.reason ?? null,
    actor: isStaff(reader) ? (entry.actor ?? decision?.actor ?? null) : null,
    approver: isStaff(reader) ? entry.approver : null,
  };
}

/** The key belongs to the initiator: the recipient of a transfer does not see it, and only the initiator sees a refusal. */
export function visibleKey(entry: RecordedEntry, reader: Reader, from: number | null = entry.scope): string | null {
  const { key, scope } = entry;
  if (key === null || scope !== from || isInternalKey(key)) return null;
  const initiator = initiatorOf(entry);
  return !initiator || isOwn(initiator.id, reader) ? key : null;
}

/** `beyond`: the wallet on the other side of transit, of which only the id is known here. */
export function visibleSide(side: PostedSide, reader: Reader, beyond: string | null = null): VisibleSide {
  const { id, kind, balance, held, version } = side;
  if (beyond !== null) return sideBeyond(beyond, reader);
  if (kind === 'named') return visibleNamed(side, reader);
  if (kind !== 'wallet' || !isOwn(id, reader)) return { id, kind, balance: null, held: null, version: null };
  return { id, kind, balance, held, version };
}

/** The recipient of a transfer in steps whose own entry is not at hand: only its id is known. */
export function visibleRecipient(entry: RecordedEntry, reader: Reader): VisibleSide {
  return sideBeyond(walletBeyondTransit(entry) ?? '', reader);
}

function sideBeyond(id: string, reader: Reader): VisibleSide {
  const nothing = { balance: null, held: null, version: null };
  return isNamedId(id) ? { id: isStaff(reader) ? id : '', kind: 'named', ...nothing } : { id, kind: 'wallet', ...nothing };
}

/** Users do not see which account of the chart it is. Without a floor, it has a part of its balance in every book. */
function visibleNamed({ id, kind, balance, held, version, floor }: PostedSide, reader: Reader): VisibleSide {
  const nothing = { balance: null, held: null, version: null };
  if (!isStaff(reader)) return { id: '', kind, ...nothing };
  return floor === null ? { id, kind, ...nothing } : { id, kind, balance, held, version };
}

/** Only the payer sees what is left of a hold, not the account that received a part of it. */
function visibleHold(entry: RecordedEntry, reader: Reader, from: number | null): VisibleEntry['hold'] {
  const { hold, holdLeft, expiresAt, debit, credit } = entry;
  if (hold === null) return null;
  const isRecipient = credit !== null && credit.number === from;
  if (isRecipient || (debit && !isOwn(debit.id, reader))) return null;
  return { seq: hold, left: holdLeft, expiresAt };
}

/** Users see the reason of a decision, but not the actor. */
export function visibleDecision(
  entry: RecordedEntry,
  { onlyOwner }: Reader,
): { readonly reason: string; readonly actor: string | null } | null {
  const decision = decisionIn(entry);
  return decision && { reason: decision.reason, actor: onlyOwner === undefined ? decision.actor : null };
}

/** For posted corrections and controls; a refused one has its request in its details. */
export function decisionIn({ details, refusal }: RecordedEntry): { readonly reason: string; readonly actor: string } | null {
  if (details === null || refusal) return null;
  const { reason, actor } = JSON.parse(details) as { reason?: string; actor?: string };
  return reason === undefined || actor === undefined ? null : { reason, actor };
}

function isStaff({ onlyOwner }: Reader): boolean {
  return onlyOwner === undefined;
}

/** Whether the reader may see everything of a wallet. */
export function isOwn(walletId: string, { onlyOwner }: Reader): boolean {
  return onlyOwner === undefined || isWalletOf(walletId, onlyOwner);
}

function beyondTransitOf(side: PostedSide, entry: RecordedEntry): string | null {
  return side.kind === 'in_transit' ? walletBeyondTransit(entry) : null;
}
