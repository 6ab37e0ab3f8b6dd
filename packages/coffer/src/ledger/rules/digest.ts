/**
 * The digest of a request: the same key with the same digest is a retry, with a different one a mistake. Stored with each entry, so that
 * the verifier can also identify a row whose own columns were edited. The first 16 bytes of a SHA-256, in hex.
 *
 * Preconditions (an expected version, a minimum balance) are not content: a retry with a newer precondition gets the stored answer.
 */
import { hash } from 'node:crypto';
import { furtherParts } from './content.ts';
import type { Content } from './content.ts';
import { contentOf } from './kinds.ts';
import type { AccountKind, EntryKind, Operation } from './types.ts';

/** The digested content of an opening. */
export type OpeningContent = {
  id: string;
  kind: AccountKind;
  asset: number;
  owner: string | null;
  floor: bigint | null;
};

/** What is digested beside the content of every other operation. */
export type Keyed = { readonly kind: EntryKind; readonly key: string | null; readonly metadata: string | null };

export function digestOperation(operation: Operation): string {
  if (operation.kind === 'open') {
    const { owner, asset, floor } = operation.opens;
    return digestOpening({ id: operation.wallet, kind: 'wallet', asset, owner, floor });
  }
  const metadata = 'metadata' in operation ? (operation.metadata ?? null) : null;
  return digestContent({ kind: operation.kind, key: operation.key, metadata }, contentOf(operation));
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

/** Further parts are digested with their names and only when present: a plain transfer has six parts. */
export function digestContent({ kind, key, metadata }: Keyed, content: Content): string {
  const parts: (string | null)[] = [kind, key, content.debit, content.credit, content.amount, metadata];
  for (const name of furtherParts) {
    const part = content[name];
    if (part !== undefined) parts.push(name, partAsText(part));
  }
  return digest(parts);
}

function partAsText(part: NonNullable<Content[(typeof furtherParts)[number]]> | null): string | null {
  if (part === null || typeof part !== 'object') return part === null ? null : String(part);
  return [part.perTransfer, part.perDay, part.perMonth].map((limit) => limit ?? '-').join(' ');
}

/** Each part is prefixed with its length, so that no two lists of parts read the same. */
function digest(parts: readonly (string | null)[]): string {
  let text = '';
  for (const part of parts) text += part === null ? '-:' : `${part.length}:${part}`;
  // Hex, not a buffer: a small buffer costs more to collect than this string costs to make.
  return hash('sha256', text).slice(0, 32);
}
