/** Money into wallets, out of them and between them: what callers ask for, as operations of the ledger. */
import type { TransferDebitOperation, TransferOperation, WalletSpec } from '../ledger/index.ts';
import type {
  AssetReference,
  MoneyRequest,
  OpenRequest,
  OwnerMoneyRequest,
  Prepared,
  TransferRequest,
  WalletMoneyRequest,
} from './asked.ts';
import { keyOrFresh } from './idempotency.ts';
import { assetUnknown } from './known-assets.ts';
import type { KnownAssets } from './known-assets.ts';
import type { WalletRefusal } from './refusals.ts';
import { isReservedForOwner, ownedWalletId } from './wallet-id.ts';

export function prepareOpen(asked: OpenRequest, assets: KnownAssets): Prepared {
  const asset = assets.find(asked.asset);
  const key = keyOrFresh(asked.key);
  if (!asset) return { key, refusal: assetUnknown(asked.asset) };
  const owner = 'owner' in asked ? asked.owner : null;
  const wallet = 'owner' in asked ? ownedWalletId(asked.owner, asset.code) : asked.wallet;
  return { key, operation: { kind: 'open', key, wallet, opens: { owner, asset: asset.id, floor: -(asked.creditLimit ?? 0n) } } };
}

export function prepareDeposit(asked: WalletMoneyRequest, assets: KnownAssets): Prepared {
  const { wallet } = asked;
  const credit = isReservedForOwner(wallet) ? { wallet } : { wallet, opens: openedByDeposit(asked.asset, assets) };
  return prepareTransferOf(asked, assets, { kind: 'deposit', debit: { system: 'cash_in' }, credit });
}

export function prepareWithdrawal(asked: WalletMoneyRequest, assets: KnownAssets): Prepared {
  return prepareTransferOf(asked, assets, { kind: 'withdrawal', debit: { wallet: asked.wallet }, credit: { system: 'cash_out' } });
}

/** `sharesBook`: whether two wallets are in one book, and can be moved between at once. */
export type SharesBook = (one: string, other: string) => boolean;

export function prepareTransfer(asked: TransferRequest, assets: KnownAssets, sharesBook: SharesBook): Prepared {
  const { from, to, mode = sharesBook(from, to) ? 'atomic' : 'saga' } = asked;
  if (mode === 'saga') return prepareSaga(asked, assets);
  return prepareTransferOf(asked, assets, { kind: 'transfer', debit: { wallet: asked.from }, credit: { wallet: asked.to } });
}

function prepareSaga(asked: TransferRequest, assets: KnownAssets): Prepared {
  const terms = termsOfMoney(asked, assets);
  if ('refusal' in terms) return terms;
  const operation: TransferDebitOperation = { kind: 'transfer_debit', wallet: asked.from, to: asked.to, ...terms };
  return { key: terms.key, operation };
}

export function prepareTopUp(asked: OwnerMoneyRequest, assets: KnownAssets): Prepared {
  const asset = assets.find(asked.asset);
  if (!asset) return { key: keyOrFresh(asked.key), refusal: assetUnknown(asked.asset) };
  const credit = { wallet: ownedWalletId(asked.owner, asset.code), opens: { owner: asked.owner, asset: asset.id, floor: 0n } };
  return prepareTransferOf(asked, assets, { kind: 'topup', debit: { system: 'treasury' }, credit });
}

export function prepareSpend(asked: OwnerMoneyRequest, assets: KnownAssets): Prepared {
  const asset = assets.find(asked.asset);
  if (!asset) return { key: keyOrFresh(asked.key), refusal: assetUnknown(asked.asset) };
  const debit = { wallet: ownedWalletId(asked.owner, asset.code) };
  return prepareTransferOf(asked, assets, { kind: 'spend', debit, credit: { system: 'treasury' } });
}

function prepareTransferOf(
  asked: MoneyRequest,
  assets: KnownAssets,
  sides: Pick<TransferOperation, 'kind' | 'debit' | 'credit'>,
): Prepared {
  const terms = termsOfMoney(asked, assets);
  if ('refusal' in terms) return terms;
  const { kind, debit, credit } = sides;
  return { key: terms.key, operation: { kind, debit, credit, ...terms } };
}

type TermsOfMoney = Omit<TransferOperation, 'kind' | 'debit' | 'credit'>;

/** Everything but who pays whom. */
function termsOfMoney(asked: MoneyRequest, assets: KnownAssets): TermsOfMoney | Extract<Prepared, { refusal: WalletRefusal }> {
  const key = keyOrFresh(asked.key);
  const asset = asked.asset === undefined ? undefined : assets.find(asked.asset);
  if (asked.asset !== undefined && !asset) return { key, refusal: assetUnknown(asked.asset) };
  return {
    key,
    amount: asked.amount,
    ...(asked.upTo === true && { upTo: true }),
    ...(asset && { asset: asset.id }),
    ...(asked.minimumBalance !== undefined && { minimumBalance: asked.minimumBalance }),
    ...(asked.effectiveAt && { effectiveAt: asked.effectiveAt }),
    ...termsOf(asked),
  };
}

/** What every operation may carry; what is absent is left out. */
export function termsOf(
  asked: Pick<MoneyRequest, 'expectedVersion' | 'metadata' | 'onlyOwner'>,
): Pick<TransferOperation, 'expectedVersion' | 'metadata' | 'onlyOwner'> {
  const { expectedVersion, metadata, onlyOwner } = asked;
  return {
    ...(expectedVersion !== undefined && { expectedVersion }),
    ...(metadata !== undefined && { metadata }),
    ...(onlyOwner !== undefined && { onlyOwner }),
  };
}

function openedByDeposit(reference: AssetReference, assets: KnownAssets): WalletSpec {
  return { owner: null, asset: (assets.find(reference) ?? assets.default).id, floor: 0n };
}
