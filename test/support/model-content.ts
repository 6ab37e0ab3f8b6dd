/** The content that identifies a request, in the form a refusal repeats it: everything but preconditions, key and metadata. */
import type { AccountRef, Limits, Operation, TransferOperation } from '../../packages/coffer/src/ledger/index.ts';
import { kinds } from './kinds.ts';

export type ModelContent = Record<string, unknown>;

/** The account that initiates an operation: the idempotency key is one of its keys. */
export function initiatorName(operation: Operation): string {
  if ('wallet' in operation) return operation.wallet;
  if (operation.kind === 'reversal') return operation.initiator;
  if ('from' in operation) return `$in_transit/${operation.asset}`;
  const ref = operation[asksIn(operation)];
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : `$${ref.system}/${operation.asset ?? 0}`;
}

/** The side that initiates a transfer: between a wallet and an account that is in every book, the wallet. */
export function asksIn({ kind, debit, credit }: TransferOperation): 'debit' | 'credit' {
  return kind === 'transfer' && !('wallet' in debit) && 'wallet' in credit ? 'credit' : kinds[kind].asks;
}

type Side = { readonly name: string } | null;
type Sides = { readonly seq: number; readonly debit: Side; readonly credit: Side };

/** The accounts whose state an operation may depend on. */
export function concernedBy(operation: Operation, { log }: { readonly log: readonly Sides[] }): string[] {
  const wallets = (refs: readonly (AccountRef | undefined)[]) =>
    refs.flatMap((ref) => (ref && 'wallet' in ref ? [ref.wallet] : ref && 'named' in ref ? [ref.named] : []));
  switch (operation.kind) {
    case 'reversal': {
      const entry = log.find(({ seq }) => seq === operation.reverses);
      return [operation.initiator, entry?.debit?.name, entry?.credit?.name].filter((name) => name !== undefined);
    }
    case 'transfer_credit':
      return [operation.to];
    case 'transfer_complete':
      return [];
    case 'transfer_return':
      return [operation.from];
    case 'capture':
      return wallets([operation, operation.credit]);
    case 'close':
      return wallets([operation, operation.sweepTo]);
    default:
      return 'wallet' in operation ? [operation.wallet] : wallets([operation.debit, operation.credit]);
  }
}

/** The asset is for the reader only; it is compared separately, since most callers omit it. */
export function contentOf(operation: Operation): ModelContent {
  if (operation.kind === 'open') {
    const { owner, asset, floor } = operation.opens;
    return { wallet: operation.wallet, asset, owner, floor: String(floor) };
  }
  if (operation.kind === 'transfer_complete' || operation.kind === 'transfer_return') {
    const { asset, from, ends, decidedBy, refusal } = operation;
    const credit = operation.kind === 'transfer_return' ? from : null;
    const effectiveAt = operation.effectiveAt?.toISOString();
    return withoutBlanks({ debit: '$in_transit', credit, amount: null, asset, effectiveAt, from, ends, decidedBy, refusal: refusal?.code });
  }
  const debit =
    'from' in operation ? '$in_transit' : 'wallet' in operation ? operation.wallet : 'debit' in operation ? named(operation.debit) : null;
  const credit =
    'to' in operation
      ? { wallet: operation.to }
      : 'credit' in operation
        ? operation.credit
        : 'sweepTo' in operation
          ? operation.sweepTo
          : undefined;
  return withoutBlanks({
    debit,
    credit: credit ? named(credit) : null,
    amount: 'amount' in operation ? String(operation.amount) : null,
    asset: askedAsset(operation),
    upTo: 'upTo' in operation && operation.upTo ? true : undefined,
    effectiveAt: 'effectiveAt' in operation ? operation.effectiveAt?.toISOString() : undefined,
    expiresInSeconds: 'expiresInSeconds' in operation ? operation.expiresInSeconds : undefined,
    hold: 'hold' in operation ? operation.hold : undefined,
    final: 'final' in operation && operation.final ? true : undefined,
    reverses: 'reverses' in operation ? operation.reverses : undefined,
    ...changeOf(operation),
    reason: 'reason' in operation ? operation.reason : undefined,
    transfer: 'transfer' in operation ? operation.transfer : undefined,
    from: 'from' in operation ? operation.from : undefined,
    actor: 'reason' in operation && operation.reason !== undefined ? operation.actor : undefined,
  });
}

/** The operator behind a correction or a control, and the requested change of a control. */
export function decidedOf(operation: Operation & { readonly reason: string }): object {
  const { reason, actor } = operation;
  const sweepTo = 'sweepTo' in operation && operation.sweepTo ? named(operation.sweepTo) : undefined;
  return withoutBlanks({ reason, actor, ...changeOf(operation), sweepTo });
}

export function limitsInWords(limits: Limits | null): object | null {
  if (!limits) return null;
  return Object.fromEntries(Object.entries(limits).map(([name, most]) => [name, most === null ? null : String(most)]));
}

export function askedAsset(operation: Operation): number | null {
  if (operation.kind === 'open') return operation.opens.asset;
  return 'asset' in operation ? (operation.asset ?? null) : null;
}

function changeOf(operation: Operation): ModelContent {
  if (operation.kind === 'limit') return { limits: limitsInWords(operation.limits) };
  if (operation.kind === 'credit_line') return { floor: String(operation.floor) };
  return 'sides' in operation ? { sides: operation.sides } : {};
}

function named(ref: AccountRef): string {
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : `$${ref.system}`;
}

function withoutBlanks(content: ModelContent): ModelContent {
  return Object.fromEntries(Object.entries(content).filter(([, part]) => part !== undefined));
}
