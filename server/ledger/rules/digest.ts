/**
 * The digest of what a caller asked for: the same key with the same digest is a retry, with another one a mistake.
 * Stored with each entry, so that the verifier can also name a row whose own columns were edited. The first 16 bytes of a SHA-256, in hex.
 *
 * Preconditions (an expected version) are not content: a retry with a newer precondition gets the stored answer.
 */
import { hash } from 'node:crypto';
import type { AccountKind, AccountRef, EntryKind, Operation } from './types.ts';

/** What is digested of an opening. */
export type OpeningContent = {
  id: string;
  kind: AccountKind;
  asset: number;
  owner: string | null;
  floor: bigint | null;
};

/** What is digested of a transfer. Account names, not numbers: the digest must not depend on what was opened when. */
export type TransferContent = {
  kind: EntryKind;
  key: string;
  debit: string;
  credit: string;
  amount: bigint;
  metadata: string | null;
};

export function digestOperation(operation: Operation): string {
  if (operation.kind === 'open') {
    const { owner, asset, floor } = operation.opens;
    return digestOpening({ id: operation.wallet, kind: 'wallet', asset, owner, floor });
  }
  return digestTransfer({
    kind: operation.kind,
    key: operation.key,
    debit: contentName(operation.debit),
    credit: contentName(operation.credit),
    amount: operation.amount,
    metadata: operation.metadata ?? null,
  });
}

export function digestOpening(content: OpeningContent): string {
  return digest([
    'open',
    content.id,
    content.kind,
    String(content.asset),
    content.owner,
    content.floor === null ? null : String(content.floor),
  ]);
}

export function digestTransfer(content: TransferContent): string {
  return digest([content.kind, content.key, content.debit, content.credit, String(content.amount), content.metadata]);
}

/** A system account's digest name has no asset in it: the wallet on the other side decides the asset. */
export function contentNameOf(id: string, kind: AccountKind): string {
  return kind === 'wallet' ? id : `$${kind}`;
}

function contentName(ref: AccountRef): string {
  return 'wallet' in ref ? ref.wallet : `$${ref.system}`;
}

/** Each part with its length before it, so that no two lists of parts read the same. */
function digest(parts: readonly (string | null)[]): string {
  let text = '';
  for (const part of parts) text += part === null ? '-:' : `${part.length}:${part}`;
  // Hex, not a buffer: a small buffer costs more to collect than this string costs to make.
  return hash('sha256', text).slice(0, 32);
}
