/** What filters look at in an operation. The projection indexes it, and each page is checked against it. */
import { parseOperationId, sagaDetails, entryKinds } from '../ledger/index.ts';
import type { AccountKind, FoundEntry, RecordedEntry } from '../ledger/index.ts';
import { reservedMetadata } from '../metadata/index.ts';
import { decisionIn } from '../visibility/index.ts';
import { isReservedForOwner, walletBeyondTransit } from '../wallets/index.ts';

/** An account that an operation names. */
export type Party = { readonly id: string; readonly kind: AccountKind; readonly owner: string | null };

export type Facts = {
  /** As answers name it. */
  readonly type: string;
  readonly refusal: string | null;
  readonly asset: number | null;
  readonly amount: bigint | null;
  /** The initiator first. A refusal has no other. */
  readonly parties: readonly Party[];
  /** What its metadata says, as `path=value`; nothing of encrypted metadata. */
  readonly properties: ReadonlySet<string>;
  /** The words of its metadata and of the reason given, in lower case. */
  readonly words: ReadonlySet<string>;
};

/** Bounds the index that one operation can have; longer metadata is searchable by its beginning. */
const propertiesMax = 50;
const valueLengthMax = 200;
const wordsMax = 100;
const wordLengthMax = 60;

/** Later steps of a transfer between books belong to the operation that began it; so does an opening by a posting. */
const steps: ReadonlySet<string> = new Set(['transfer_credit', 'transfer_complete', 'transfer_return']);

/** The types of operations as they are shown and found: a transfer in steps is a transfer. */
export const operationTypes: readonly string[] = entryKinds.filter((kind) => !steps.has(kind) && kind !== 'transfer_debit');

/** Whether an entry is an operation in its own right. */
export function isOperation({ kind, operation, seq }: RecordedEntry): boolean {
  return operation === seq && !steps.has(kind);
}

export function factsOf(found: FoundEntry): Facts {
  const { entry } = found;
  const leaves = leavesOf(entry.metadata);
  return {
    type: entry.kind === 'transfer_debit' ? 'transfer' : entry.kind,
    refusal: entry.refusal?.code ?? null,
    asset: entry.asset,
    amount: entry.amount,
    parties: partiesOf(found),
    properties: new Set(leaves.filter(({ value }) => value.length <= valueLengthMax).map(({ path, value }) => `${path}=${value}`)),
    words: new Set([...leaves.flatMap(({ value }) => wordsIn(value)), ...wordsIn(decisionIn(entry)?.reason ?? '')].slice(0, wordsMax)),
  };
}

function partiesOf({ entry, initiator }: FoundEntry): Party[] {
  const { debit, credit } = entry;
  const other = entry.kind === 'transfer_debit' && !entry.refusal ? walletBeyondTransit(entry) : null;
  const sides = [debit, other === null ? credit : { id: other, kind: 'wallet' as const }];
  const named = sides.flatMap((side) => (side ? [partyOf(side.id, side.kind)] : []));
  const first = named.find(({ id }) => id === initiator) ?? (initiator === null ? undefined : partyOf(initiator));
  return first ? [first, ...named.filter((party) => party.id !== first.id)] : named;
}

/** An owner's wallets have ids that only the owner's openings create. */
function partyOf(id: string, kind: AccountKind = kindOf(id)): Party {
  return { id, kind, owner: kind === 'wallet' && isReservedForOwner(id) ? id.slice(0, 36) : null };
}

function kindOf(id: string): AccountKind {
  return id.startsWith('$') ? (id.slice(1, id.indexOf('/')) as AccountKind) : 'wallet';
}

type Leaf = { readonly path: string; readonly value: string };

/** The values of a metadata text with their paths; numbers as they were written. */
function leavesOf(metadata: string | null): Leaf[] {
  if (metadata === null) return [];
  // Numbers keep their digits: 9007199254740993 would otherwise be found as another.
  const parsed = JSON.parse(metadata, numbersAsText) as Record<string, unknown>;
  const leaves: Leaf[] = [];
  for (const [name, value] of Object.entries(parsed)) if (name !== reservedMetadata) collect(leaves, name, value);
  return leaves;
}

function numbersAsText(this: unknown, _name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

function collect(leaves: Leaf[], path: string, value: unknown): void {
  if (leaves.length >= propertiesMax || value === null) return;
  if (Array.isArray(value)) for (const one of value as unknown[]) collect(leaves, path, one);
  else if (typeof value === 'object') for (const [name, one] of Object.entries(value)) collect(leaves, `${path}.${name}`, one);
  else if (typeof value === 'string' || typeof value === 'boolean') leaves.push({ path, value: String(value) });
}

/** Letters and digits, in lower case; everything else separates words. */
export function wordsIn(text: string): string[] {
  return [
    ...text
      .toLowerCase()
      .normalize('NFC')
      .matchAll(/[\p{L}\p{N}\p{M}]+/gu),
  ].map(([word]) => word.slice(0, wordLengthMax));
}

/** The operation that a step ends, if it ends one. */
export function endedBy(entry: RecordedEntry): number | null {
  if (entry.refusal || (entry.kind !== 'transfer_complete' && entry.kind !== 'transfer_return')) return null;
  return parseOperationId(sagaDetails(entry).transfer ?? '')?.seq ?? null;
}
