/**
 * What follows from a transfer by saga, step by step: each operation is made of what is on record, and of nothing else, so a second
 * attempt makes the same one. Its key is an internal one.
 */
import { assert } from '../../kernel/index.ts';
import { internalKey } from './internal-keys.ts';
import type { RecordedEntry, TransferCreditOperation, TransferEndOperation } from './types.ts';

/** Under which the recipient's book remembers what it decided. */
export function creditKey(transfer: string): string {
  return internalKey('transfer', transfer);
}

/** Under which the sender's book remembers how the transfer ended that began at a place of its log. */
export function endKey(seq: number): string {
  return internalKey('end', seq);
}

export type SagaDetails = {
  readonly transfer?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly decidedBy?: string | undefined;
};

/** What a step says of the wallets of its transfer; nothing of any other entry. A refused step says it in what was asked. */
export function sagaDetails({ kind, details, refusal, debit, credit }: RecordedEntry): SagaDetails {
  if (details === null || !kind.startsWith('transfer_')) return {};
  const told = JSON.parse(details) as SagaDetails & {
    readonly asked?: { debit?: string; credit?: string; from?: string; transfer?: string };
  };
  if (refusal) {
    const { debit: from, credit: to, transfer } = told.asked ?? {};
    return kind === 'transfer_debit' ? { from, to } : { from: told.asked?.from, to, transfer };
  }
  if (kind === 'transfer_debit') return { ...told, from: debit?.id };
  return kind === 'transfer_credit' ? { ...told, to: credit?.id } : told;
}

/** To be posted in the recipient's book. */
export function creditOf(debit: RecordedEntry): TransferCreditOperation {
  const { from, to } = sagaDetails(debit);
  const { amount, asset, metadata, effectiveAt } = debit;
  assert(from !== undefined && to !== undefined && amount !== null && asset !== null, 'a transfer that was debited says what and for whom');
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
  };
}

/** To be posted in the sender's book, once the recipient's has decided: `credit` is what it has on record. */
export function endOf(debit: RecordedEntry, credit: RecordedEntry): TransferEndOperation {
  const { from, to } = sagaDetails(debit);
  const { asset, effectiveAt, seq } = debit;
  assert(from !== undefined && to !== undefined && asset !== null, 'a transfer that was debited says what and for whom');
  const common = { key: endKey(seq), asset, ends: seq, from, to, decidedBy: nameOf(credit) };
  if (!credit.refusal) return { kind: 'transfer_complete', ...common };
  return { kind: 'transfer_return', ...common, refusal: credit.refusal, ...(effectiveAt && { effectiveAt }) };
}

function nameOf({ book, operation }: RecordedEntry): string {
  return `${book}-${operation}`;
}
