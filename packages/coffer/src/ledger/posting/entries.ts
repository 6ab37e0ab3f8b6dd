/** Turns a decision into rows of the log. */
import { assert } from '../../kernel/index.ts';
import { contentOf, limitsAsText } from '../rules/content.ts';
import type { Posted } from '../rules/decision.ts';
import { digestOpening } from '../rules/digest.ts';
import type { Refusal } from '../rules/refusals.ts';
import type { Account, OpenOperation, Operation, RecordedEntry } from '../rules/types.ts';

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
} as const;

/** A requested opening. Its key is in the scope of the wallet that it opens. */
export function openingEntry(place: Place, asked: OpenOperation, account: Account, digest: string): RecordedEntry {
  return {
    ...opening(place, account, digest),
    operation: place.seq,
    scope: account.number,
    key: asked.key,
  };
}

/** An implicit opening: the row before a posting, of the same operation. */
export function openedOnTheWayEntry(place: Place, operation: number, account: Account): RecordedEntry {
  return { ...opening(place, account, digestOpening(account)), operation, scope: null, key: null };
}

function opening(place: Place, account: Account, digest: string): Omit<RecordedEntry, 'operation' | 'scope' | 'key'> {
  return {
    ...place,
    ...blank,
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

type Moving = Exclude<Operation, { kind: 'open' }>;

/** Accounts after the decision. Written out rather than spread, because this runs for each posting. */
export function postingEntry(place: Place, asked: Moving, decision: Posted, digest: string): RecordedEntry {
  const { debit, credit, amount, scope, hold, original } = decision;
  const spent = debit.controls.limits && debit.spent;
  return {
    book: place.book,
    seq: place.seq,
    recordedAt: place.recordedAt,
    operation: place.seq,
    kind: asked.kind,
    debit,
    credit,
    asset: debit.asset,
    amount,
    askedAmount: 'upTo' in asked && asked.upTo ? asked.amount : null,
    debitFloor: floorInForce(asked, debit),
    scope,
    key: asked.key,
    digest,
    metadata: 'metadata' in asked ? (asked.metadata ?? null) : null,
    refusal: null,
    details: 'reason' in asked ? decidedDetails(asked) : 'to' in asked ? stepDetails(place.book, asked) : null,
    effectiveAt: 'effectiveAt' in asked ? (asked.effectiveAt ?? null) : null,
    hold: hold && hold.seq,
    holdLeft: hold && hold.left,
    expiresAt: asked.kind === 'hold' && hold ? hold.expiresAt : null,
    reverses: original && original.entry.seq,
    reversed: original && original.reversed,
    controls: isControl(asked) ? controlsText(debit) : null,
    spentDay: spent && spent.day,
    spentMonth: spent && spent.month,
  };
}

/** A refusal has no sides, so it is in no account's history; its details hold the requested operation. */
export function refusalEntry(place: Place, asked: Operation, refusal: Refusal, scope: number, digest: string): RecordedEntry {
  assert(asked.key !== null, 'only an operation with a key is remembered');
  return {
    ...place,
    ...blank,
    operation: place.seq,
    kind: asked.kind,
    debit: null,
    credit: null,
    asset: askedAsset(asked),
    amount: null,
    debitFloor: null,
    scope,
    key: asked.key,
    digest,
    metadata: 'metadata' in asked ? (asked.metadata ?? null) : null,
    refusal,
    details: JSON.stringify({ asked: askedContent(asked), facts: refusal.facts }),
    spentDay: null,
    spentMonth: null,
  };
}

function askedAsset(asked: Operation): number | null {
  if (asked.kind === 'open') return asked.opens.asset;
  return 'asset' in asked ? (asked.asset ?? null) : null;
}

/** The content of a refused operation, for the refusal's details. */
function askedContent(asked: Operation): object {
  if (asked.kind !== 'open') return { ...contentOf(asked), asset: askedAsset(asked) };
  const { owner, asset, floor } = asked.opens;
  return { wallet: asked.wallet, asset, owner, floor: String(floor) };
}

type Decided = Extract<Moving, { reason: string }>;

/** The actor and the reason, and for a control the requested change; the resulting state is in `controls`. */
function decidedDetails(asked: Decided): string {
  const { reason, actor } = asked;
  if (asked.kind === 'reversal') return JSON.stringify({ reason, actor });
  const { sides, limits, floor, credit } = contentOf(asked);
  return JSON.stringify({ reason, actor, sides, limits, floor, ...(credit !== null && { sweepTo: credit }) });
}

/** The wallets of a transfer by saga, and what its last step derives from. */
function stepDetails(book: number, asked: Extract<Moving, { to: string }>): string {
  switch (asked.kind) {
    case 'transfer_debit':
      return JSON.stringify({ to: asked.to });
    case 'transfer_credit':
      return JSON.stringify({ transfer: asked.transfer, from: asked.from });
    default: {
      const { ends, from, to, decidedBy, refusal } = asked;
      return JSON.stringify({ transfer: `${book}-${ends}`, from, to, decidedBy, refusal });
    }
  }
}

/** Controls may leave a wallet below its floor: a wallet that must keep a minimum it never had, or one that is swept. */
function floorInForce(asked: Moving, { floor }: Account): bigint | null {
  return isControl(asked) && asked.kind !== 'credit_line' ? null : floor;
}

function isControl(asked: Moving): boolean {
  return 'reason' in asked && asked.kind !== 'reversal';
}

/** The complete controls each time, so that the newest control entry is sufficient. */
function controlsText({ controls, floor }: Account): string {
  const { debits, credits, limits } = controls;
  return JSON.stringify({ debits, credits, limits: limitsAsText(limits), floor: floor === null ? null : String(floor) });
}
