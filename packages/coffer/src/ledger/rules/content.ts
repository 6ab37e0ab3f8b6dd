/**
 * The content of an operation as plain text. Digested to distinguish a retry from a reused key, and stored with a refusal, which has no
 * sides. The rules of each kind make its content (kinds.ts).
 */
import type { AccountKind, AccountRef, ControlChange, Limits } from './types.ts';

/** The content of everything but an opening. Account names, not numbers, because content must not depend on the order of openings. */
export type Content = {
  readonly debit: string | null;
  readonly credit: string | null;
  readonly amount: string | null;
  readonly upTo?: boolean;
  readonly effectiveAt?: string;
  readonly expiresInSeconds?: number;
  readonly transfer?: string;
  readonly from?: string;
  readonly ends?: number;
  readonly decidedBy?: string;
  readonly refusal?: string;
  readonly hold?: number;
  readonly final?: boolean;
  readonly reverses?: number;
  readonly sides?: string;
  readonly limits?: { readonly [limit in keyof Limits]: string | null } | null;
  readonly floor?: string;
  readonly reason?: string;
  readonly actor?: string;
};

/** Parts beyond accounts, amount, key and metadata, in the order in which they are digested. */
export const furtherParts = [
  'upTo',
  'effectiveAt',
  'expiresInSeconds',
  'hold',
  'final',
  'reverses',
  'sides',
  'limits',
  'floor',
  'reason',
  'actor',
  'transfer',
  'from',
  'ends',
  'decidedBy',
  'refusal',
] as const satisfies readonly (keyof Content)[];

export function effective({ effectiveAt }: { readonly effectiveAt?: Date }): Pick<Content, 'effectiveAt'> {
  return effectiveAt ? { effectiveAt: effectiveAt.toISOString() } : {};
}

/** The amount, and whether it is "up to" that amount. */
export function amounts({ amount, upTo }: { readonly amount: bigint; readonly upTo?: boolean }): Pick<Content, 'amount' | 'upTo'> {
  return { amount: String(amount), ...(upTo === true && { upTo }) };
}

export type Change = Pick<Content, 'sides' | 'limits' | 'floor'>;

export function changeOf(change: ControlChange): Change {
  if (change.kind === 'limit') return { limits: limitsAsText(change.limits) };
  if (change.kind === 'credit_line') return { floor: String(change.floor) };
  return { sides: change.sides };
}

export function limitsAsText(limits: Limits | null): NonNullable<Content['limits']> | null {
  if (!limits) return null;
  const text = (amount: bigint | null) => (amount === null ? null : String(amount));
  return { perTransfer: text(limits.perTransfer), perDay: text(limits.perDay), perMonth: text(limits.perMonth) };
}

/** A system account's name in content omits the asset: the wallet on the other side determines it. */
export function contentNameOf(id: string, kind: AccountKind): string {
  return kind === 'wallet' || kind === 'named' ? id : `$${kind}`;
}

export function contentName(ref: AccountRef): string {
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : `$${ref.system}`;
}
