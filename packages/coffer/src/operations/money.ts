/** Shared parts of the operations that move money: from their terms to an operation of the ledger. */
import { maximumAmount } from '../ledger/index.ts';
import type { TransferOperation } from '../ledger/index.ts';
import { keyOrFresh } from './idempotency.ts';
import { assetNamedBy } from './known-assets.ts';
import type { KnownAssets } from './known-assets.ts';
import type { Prepared, RefusedEarly } from './outcome.ts';
import type { MoneyTerms, Terms } from './terms.ts';

export function prepareTransferOf(
  request: MoneyTerms,
  assets: KnownAssets,
  { kind, debit, credit }: Pick<TransferOperation, 'kind' | 'debit' | 'credit'>,
): Prepared {
  const terms = moneyOf(request, assets);
  return 'refusal' in terms ? terms : { key: terms.key, operation: { kind, debit, credit, ...terms } };
}

/** Everything but the two sides. */
export function moneyOf(request: MoneyTerms, assets: KnownAssets): Omit<TransferOperation, 'kind' | 'debit' | 'credit'> | RefusedEarly {
  const asset = request.asset === undefined ? undefined : assetNamedBy(request, assets);
  if (asset && 'refusal' in asset) return asset;
  return {
    key: keyOrFresh(request.key),
    amount: request.amount,
    ...(request.upTo === true && { upTo: true }),
    ...(asset && { asset: asset.id }),
    ...(request.minimumBalance !== undefined && { minimumBalance: request.minimumBalance }),
    ...(request.effectiveAt && { effectiveAt: request.effectiveAt }),
    ...termsOf(request),
  };
}

/** What every operation may carry; absent terms are omitted. */
export function termsOf(request: Terms): Pick<TransferOperation, 'expectedVersion' | 'metadata' | 'onlyOwner' | 'actor' | 'approver'> {
  const { expectedVersion, metadata, onlyOwner, actor, approver } = request;
  return {
    ...(expectedVersion !== undefined && { expectedVersion }),
    ...(metadata !== undefined && { metadata }),
    ...(onlyOwner !== undefined && { onlyOwner }),
    ...(actor !== undefined && { actor }),
    ...(approver !== undefined && { approver }),
  };
}

/** Without an amount, as much as is available. */
export function wholeOrPart(amount: bigint | undefined): { amount: bigint; upTo?: true } {
  return amount === undefined ? { amount: maximumAmount, upTo: true } : { amount };
}
