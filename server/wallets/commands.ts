/** What can be done with wallets. Each command is one operation of the ledger: the ledger decides, nothing here does. */
import type { Asset, Ledger, Outcome, Refusal, TransferOperation, WalletSpec } from '../ledger/index.ts';
import { keyOrFresh } from './idempotency.ts';
import { isReservedForOwner, ownedWalletId } from './wallet-id.ts';

/** What every command may carry. */
export type Request = {
  /** Idempotency key; a fresh one is made up when absent, and returned. */
  readonly key?: string | undefined;
  /** JSON text of the caller's own. */
  readonly metadata?: string | undefined;
  /** The initiating wallet must stand at this version. */
  readonly expectedVersion?: number | undefined;
  /** The initiating wallet must be this owner's; to whoever may use no other, another's is not there. */
  readonly onlyOwner?: string | undefined;
};

/** An asset by its code or number; the default asset, or the wallet's own, when absent. */
export type AssetReference = string | number | undefined;

/** The ledger's answer, with the idempotency key that it is remembered under. */
export type WalletOutcome = Outcome & { readonly key: string };

export class WalletCommands {
  readonly #ledger: Ledger;
  readonly #defaultAsset: Asset;

  constructor(ledger: Ledger, defaultAsset: Asset) {
    this.#ledger = ledger;
    this.#defaultAsset = defaultAsset;
  }

  /** Opens the owner's wallet in an asset, or a wallet of its own name that nobody owns. `creditLimit`: how far below zero it may go. */
  async open(
    asked: Request & { readonly asset?: AssetReference; readonly creditLimit?: bigint } & (
        | { readonly owner: string }
        | { readonly wallet: string }
      ),
  ): Promise<WalletOutcome> {
    const asset = this.#asset(asked.asset ?? this.#defaultAsset.code);
    const key = keyOrFresh(asked.key);
    if (!asset) return this.#refused(assetUnknown(asked.asset), key);
    const owner = 'owner' in asked ? asked.owner : null;
    const wallet = 'owner' in asked ? ownedWalletId(asked.owner, asset.code) : asked.wallet;
    const opens: WalletSpec = { owner, asset: asset.id, floor: -(asked.creditLimit ?? 0n) };
    return { ...(await this.#ledger.post({ kind: 'open', key, wallet, opens })), key };
  }

  /** From outside into a wallet; the first deposit opens it. */
  async deposit(
    asked: Request & {
      readonly wallet: string;
      readonly amount: bigint;
      readonly asset?: AssetReference;
    },
  ): Promise<WalletOutcome> {
    const credit = isReservedForOwner(asked.wallet)
      ? { wallet: asked.wallet }
      : { wallet: asked.wallet, opens: this.#openedByDeposit(asked.asset) };
    return await this.#transfer(asked, { kind: 'deposit', debit: { system: 'cash_in' }, credit });
  }

  /** From a wallet to the outside. */
  async withdraw(
    asked: Request & {
      readonly wallet: string;
      readonly amount: bigint;
      readonly asset?: AssetReference;
    },
  ): Promise<WalletOutcome> {
    return await this.#transfer(asked, {
      kind: 'withdrawal',
      debit: { wallet: asked.wallet },
      credit: { system: 'cash_out' },
    });
  }

  /** From one wallet to another of the same asset. */
  async transfer(
    asked: Request & {
      readonly from: string;
      readonly to: string;
      readonly amount: bigint;
      readonly asset?: AssetReference;
    },
  ): Promise<WalletOutcome> {
    return await this.#transfer(asked, {
      kind: 'transfer',
      debit: { wallet: asked.from },
      credit: { wallet: asked.to },
    });
  }

  /** From the treasury to a user's wallet, which is opened on the way when the user has none in that asset yet. */
  async topUp(
    asked: Request & {
      readonly owner: string;
      readonly amount: bigint;
      readonly asset: string | number;
    },
  ): Promise<WalletOutcome> {
    const asset = this.#asset(asked.asset);
    if (!asset) return this.#refused(assetUnknown(asked.asset), keyOrFresh(asked.key));
    const credit = {
      wallet: ownedWalletId(asked.owner, asset.code),
      opens: { owner: asked.owner, asset: asset.id, floor: 0n },
    };
    return await this.#transfer(asked, { kind: 'topup', debit: { system: 'treasury' }, credit });
  }

  /** From a user's wallet back to the treasury. */
  async spend(
    asked: Request & {
      readonly owner: string;
      readonly amount: bigint;
      readonly asset: string | number;
    },
  ): Promise<WalletOutcome> {
    const asset = this.#asset(asked.asset);
    if (!asset) return this.#refused(assetUnknown(asked.asset), keyOrFresh(asked.key));
    return await this.#transfer(asked, {
      kind: 'spend',
      debit: { wallet: ownedWalletId(asked.owner, asset.code) },
      credit: { system: 'treasury' },
    });
  }

  async #transfer(
    asked: Request & { readonly amount: bigint; readonly asset?: AssetReference },
    sides: Pick<TransferOperation, 'kind' | 'debit' | 'credit'>,
  ): Promise<WalletOutcome> {
    const key = keyOrFresh(asked.key);
    const asset = asked.asset === undefined ? undefined : this.#asset(asked.asset);
    if (asked.asset !== undefined && !asset) return this.#refused(assetUnknown(asked.asset), key);
    const outcome = await this.#ledger.post({
      ...sides,
      key,
      amount: asked.amount,
      ...(asset && { asset: asset.id }),
      ...(asked.expectedVersion !== undefined && { expectedVersion: asked.expectedVersion }),
      ...(asked.metadata !== undefined && { metadata: asked.metadata }),
      ...(asked.onlyOwner !== undefined && { onlyOwner: asked.onlyOwner }),
    });
    return { ...outcome, key };
  }

  #asset(reference: AssetReference): Asset | undefined {
    return reference === undefined ? this.#defaultAsset : this.#ledger.assets.find(reference);
  }

  #openedByDeposit(reference: AssetReference): WalletSpec {
    return { owner: null, asset: this.#asset(reference)?.id ?? this.#defaultAsset.id, floor: 0n };
  }

  /** Refused before the ledger saw it: nothing to remember, for a name of an asset that is none cannot be anybody's. */
  #refused(refusal: Refusal, key: string): WalletOutcome {
    return { status: 'refused', replayed: false, seq: 0, refusal, entry: null, key };
  }
}

function assetUnknown(reference: AssetReference): Refusal {
  return { code: 'asset_unknown', facts: { asset: String(reference) } };
}
