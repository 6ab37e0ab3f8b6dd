/**
 * The next steps of a transfer by saga. Each operation is derived only from stored entries, so a second attempt makes the same one, under
 * an internal key.
 */
import { assert } from '../../kernel/index.ts';
import { internalKey } from './internal-keys.ts';
import type { Asked, RecordedEntry, TransferCreditOperation, TransferEndOperation } from './types.ts';

/** The key under which the recipient's book remembers its decision. */
export function creditKey(transfer: string): string {
  return internalKey('transfer', transfer);
}

/** The key under which the sender's book remembers the end of the transfer that began at this seq. */
export function endKey(seq: number): string {
  return internalKey('end', seq);
}

export type SagaDetails = {
  readonly transfer?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly decidedBy?: string | undefined;
};

/** The wallets of a step's transfer; empty for any other entry. A refused step has them in its request. */
export function sagaDetails({ kind, details, refusal, debit, credit }: RecordedEntry): SagaDetails {
  if (details === null || !kind.startsWith('transfer_')) return {};
  const parsed = JSON.parse(details) as SagaDetails & {
    readonly asked?: { debit?: string; credit?: string; from?: string; transfer?: string };
  };
  if (refusal) {
    const { debit: from, credit: to, transfer } = parsed.asked ?? {};
    return kind === 'transfer_debit' ? { from, to } : { from: parsed.asked?.from, to, transfer };
  }
  if (kind === 'transfer_debit') return { ...parsed, from: debit?.id };
  return kind === 'transfer_credit' ? { ...parsed, to: credit?.id } : parsed;
}

/** To be posted in the recipient's book. */
export function creditOf(debit: RecordedEntry): TransferCreditOperation {
  const { from, to } = sagaDetails(debit);
  const { amount, asset, metadata, effectiveAt } = debit;
  assert(
    from !== undefined && to !== undefined && amount !== null && asset !== null,
    'a transfer debit has an amount, an asset and a recipient',
  );
  const transfer = nameOf(debit);
  return {
    kind: 'transfer_credit',
    key: creditKey(transfer),
    to,
    asset,
    amount,
    transfer,
    from,
    ...(metadata !== null && { metadata }),
    ...(effectiveAt && { effectiveAt }),
    ...askedBy(debit),
  };
}

/** To be posted in the sender's book after the recipient's book has decided; `credit` is its recorded decision. */
export function endOf(debit: RecordedEntry, credit: RecordedEntry): TransferEndOperation {
  const { from, to } = sagaDetails(debit);
  const { asset, effectiveAt, seq } = debit;
  assert(from !== undefined && to !== undefined && asset !== null, 'a transfer debit has a sender, a recipient and an asset');
  const common = { key: endKey(seq), asset, ends: seq, from, to, decidedBy: nameOf(credit), ...askedBy(debit) };
  if (!credit.refusal) return { kind: 'transfer_complete', ...common };
  return { kind: 'transfer_return', ...common, refusal: credit.refusal, ...(effectiveAt && { effectiveAt }) };
}

/** All steps are of the principal that began the transfer. */
function askedBy({ actor, approver }: RecordedEntry): Asked {
  return { ...(actor !== null && { actor }), ...(approver !== null && { approver }) };
}

function nameOf({ book, operation }: RecordedEntry): string {
  return `${book}-${operation}`;
}
