/** Turns a decision into rows of the log. */
import { assert } from '../../kernel/index.ts';
import { limitsAsText } from '../rules/content.ts';
import type { Posted } from '../rules/decision.ts';
import { digestOpening } from '../rules/digest.ts';
import { contentOf } from '../rules/kinds.ts';
import type { Moving } from '../rules/kinds.ts';
import type { Refusal } from '../rules/refusals.ts';
import { traits } from '../rules/types.ts';
import type { Account, Asked, OpenOperation, Operation, RecordedEntry } from '../rules/types.ts';

type Place = { readonly book: number; readonly seq: number; readonly recordedAt: Date };

/** Fields that are null in most rows. */
const blank = {
  askedAmount: null,
  details: null,
  effectiveAt: null,
  hold: null,
  holdLeft: null,
  expiresAt: null,
  reverses: null,
  reversed: null,
  controls: null,
  leg: null,
} as const;

/** A requested opening. Its key is in the scope of the wallet that it opens. */
export function openingEntry(place: Place, operation: OpenOperation, account: Account, digest: string): RecordedEntry {
  return {
    ...opening(place, account, digest, operation),
    operation: place.seq,
    scope: account.number,
    key: operation.key,
  };
}

/** An implicit opening: the row before a posting, of the same operation. */
export function openedOnTheWayEntry(place: Place, operation: number, account: Account, asked: Asked): RecordedEntry {
  return { ...opening(place, account, digestOpening(account), asked), operation, scope: null, key: null };
}

function opening(
  place: Place,
  account: Account,
  digest: string,
  { actor, approver }: Asked,
): Omit<RecordedEntry, 'operation' | 'scope' | 'key'> {
  return {
    ...place,
    ...blank,
    actor: actor ?? null,
    approver: approver ?? null,
    kind: 'open',
    debit: null,
    credit: account,
    asset: account.asset,
    amount: null,
    debitFloor: null,
    digest,
    metadata: null,
    refusal: null,
    spentDay: null,
    spentMonth: null,
  };
}

/** Accounts after the decision. Written out rather than spread, because this runs for each posting. */
export function postingEntry(place: Place, operation: Moving, decision: Posted, digest: string): RecordedEntry {
  const { debit, credit, amount, scope, hold, original } = decision;
  const spent = debit.controls.limits && debit.spent;
  return {
    book: place.book,
    seq: place.seq,
    recordedAt: place.recordedAt,
    operation: place.seq,
    kind: operation.kind,
    debit,
    credit,
    asset: debit.asset,
    amount,
    askedAmount: 'upTo' in operation && operation.upTo ? operation.amount : null,
    debitFloor: floorInForce(operation, debit),
    scope,
    key: operation.key,
    digest,
    metadata: 'metadata' in operation ? (operation.metadata ?? null) : null,
    refusal: null,
    details: isDecided(operation) ? decidedDetails(operation) : 'to' in operation ? stepDetails(place.book, operation) : null,
    effectiveAt: 'effectiveAt' in operation ? (operation.effectiveAt ?? null) : null,
    hold: hold && hold.seq,
    holdLeft: hold && hold.left,
    expiresAt: operation.kind === 'hold' && hold ? hold.expiresAt : null,
    reverses: original && original.entry.seq,
    reversed: original && original.reversed,
    controls: traits[operation.kind].isControl ? controlsText(debit) : null,
    spentDay: spent && spent.day,
    spentMonth: spent && spent.month,
    actor: operation.actor ?? null,
    approver: operation.approver ?? null,
    leg: null,
  };
}

/** A refusal has no sides, so it is in no account's history; its details hold the requested operation. */
export function refusalEntry(place: Place, operation: Operation, refusal: Refusal, scope: number, digest: string): RecordedEntry {
  assert(operation.key !== null, 'only an operation with a key is remembered');
  return {
    ...place,
    ...blank,
    operation: place.seq,
    kind: operation.kind,
    debit: null,
    credit: null,
    asset: requestedAsset(operation),
    amount: null,
    debitFloor: null,
    scope,
    key: operation.key,
    digest,
    metadata: 'metadata' in operation ? (operation.metadata ?? null) : null,
    refusal,
    details: JSON.stringify({ asked: requestedContent(operation), facts: refusal.facts }),
    spentDay: null,
    spentMonth: null,
    actor: operation.actor ?? null,
    approver: operation.approver ?? null,
  };
}

function requestedAsset(operation: Operation): number | null {
  if (operation.kind === 'open') return operation.opens.asset;
  return 'asset' in operation ? (operation.asset ?? null) : null;
}

/** The content of a refused operation, for the refusal's details. */
function requestedContent(operation: Operation): object {
  if (operation.kind !== 'open') return { ...contentOf(operation), asset: requestedAsset(operation) };
  const { owner, asset, floor } = operation.opens;
  return { wallet: operation.wallet, asset, owner, floor: String(floor) };
}

type Decided = Moving & { readonly reason: string };

/** An issue may have a reason; corrections and controls always do. */
function isDecided(operation: Moving): operation is Decided {
  return 'reason' in operation && operation.reason !== undefined;
}

/** The actor and the reason, and for a control the requested change; the resulting state is in `controls`. */
function decidedDetails(operation: Decided): string {
  const { reason, actor } = operation;
  if (!traits[operation.kind].isControl) return JSON.stringify({ reason, actor });
  const { sides, limits, floor, credit } = contentOf(operation);
  return JSON.stringify({ reason, actor, sides, limits, floor, ...(credit !== null && { sweepTo: credit }) });
}

/** The wallets of a transfer by saga, and what its last step derives from. */
function stepDetails(book: number, operation: Extract<Moving, { to: string }>): string {
  switch (operation.kind) {
    case 'transfer_debit':
      return JSON.stringify({ to: operation.to });
    case 'transfer_credit':
      return JSON.stringify({ transfer: operation.transfer, from: operation.from });
    default: {
      const { ends, from, to, decidedBy, refusal } = operation;
      return JSON.stringify({ transfer: `${book}-${ends}`, from, to, decidedBy, refusal });
    }
  }
}

/** Controls may leave a wallet below its floor: a wallet that must keep a minimum it never had, or one that is swept. */
function floorInForce(operation: Moving, { floor }: Account): bigint | null {
  return traits[operation.kind].isControl && operation.kind !== 'credit_line' ? null : floor;
}

/** The complete controls each time, so that the newest control entry is sufficient. */
function controlsText({ controls, floor }: Account): string {
  const { debits, credits, limits } = controls;
  return JSON.stringify({ debits, credits, limits: limitsAsText(limits), floor: floor === null ? null : String(floor) });
}
