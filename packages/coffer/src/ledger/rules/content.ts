/**
 * The content of an operation as plain text. Digested to distinguish a retry from a reused key, and stored with a refusal, which has no
 * sides.
 */
import type { AccountKind, AccountRef, ControlChange, Limits, Operation } from './types.ts';

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

export function contentOf(operation: Exclude<Operation, { kind: 'open' }>): Content {
  switch (operation.kind) {
    case 'transfer_debit': {
      const { wallet, to, amount, upTo } = operation;
      return { debit: wallet, credit: to, amount: String(amount), ...(upTo === true && { upTo }), ...effective(operation) };
    }
    case 'transfer_credit': {
      const { to, amount, transfer, from } = operation;
      return { debit: '$in_transit', credit: to, amount: String(amount), ...effective(operation), transfer, from };
    }
    case 'transfer_complete':
    case 'transfer_return': {
      const { kind, from, ends, decidedBy, refusal } = operation;
      const credit = kind === 'transfer_return' ? from : null;
      const of = { from, ends, decidedBy, ...(refusal && { refusal: refusal.code }) };
      return { debit: '$in_transit', credit, amount: null, ...effective(operation), ...of };
    }
    case 'hold': {
      const { wallet, amount, upTo, expiresInSeconds } = operation;
      return {
        debit: wallet,
        credit: null,
        amount: String(amount),
        ...(upTo === true && { upTo }),
        ...(expiresInSeconds !== undefined && { expiresInSeconds }),
      };
    }
    case 'capture':
    case 'release': {
      const { wallet, amount, upTo, hold } = operation;
      const part = { debit: wallet, credit: null, amount: String(amount), ...(upTo === true && { upTo }), hold };
      if (operation.kind === 'release') return part;
      const { credit, final } = operation;
      return {
        ...part,
        credit: contentName(credit),
        ...(final === true && { final }),
        ...effective(operation),
      };
    }
    case 'expire':
      return { debit: operation.wallet, credit: null, amount: null, hold: operation.hold };
    case 'reversal': {
      const { amount, upTo, reverses, reason, actor } = operation;
      return { debit: null, credit: null, amount: String(amount), ...(upTo === true && { upTo }), reverses, reason, actor };
    }
    case 'freeze':
    case 'unfreeze':
    case 'close':
    case 'limit':
    case 'credit_line': {
      const { wallet, reason, actor } = operation;
      const credit = operation.kind === 'close' && operation.sweepTo ? contentName(operation.sweepTo) : null;
      return { debit: wallet, credit, amount: null, ...changeOf(operation), reason, actor };
    }
    default: {
      const { debit, credit, amount, upTo } = operation;
      return {
        debit: contentName(debit),
        credit: contentName(credit),
        amount: String(amount),
        ...(upTo === true && { upTo }),
        ...effective(operation),
      };
    }
  }
}

function effective({ effectiveAt }: { readonly effectiveAt?: Date }): Pick<Content, 'effectiveAt'> {
  return effectiveAt ? { effectiveAt: effectiveAt.toISOString() } : {};
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
  return kind === 'wallet' ? id : `$${kind}`;
}

function contentName(ref: AccountRef): string {
  return 'wallet' in ref ? ref.wallet : `$${ref.system}`;
}
