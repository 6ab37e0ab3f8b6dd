/** What a request for an operation carries, in no transport's words. Amounts are in minor units of the asset. */
import type { AccountRef, SystemKind } from '../ledger/index.ts';

/** What every request may carry. */
export type Terms = {
  /** Idempotency key. A fresh one is made up when it is absent; the outcome names it. */
  readonly key?: string | undefined;
  /** JSON text of the caller's own. */
  readonly metadata?: string | undefined;
  /** The initiating wallet must be at this version. */
  readonly expectedVersion?: number | undefined;
  /** The initiating wallet must be this owner's; another owner's wallet is not found. */
  readonly onlyOwner?: string | undefined;
};

/** An asset by its code or number. Absent: the wallet's own, or the default asset. */
export type AssetReference = string | number | undefined;

export type AmountTerms = Terms & {
  readonly amount: bigint;
  /** Take as much of the amount as there is. */
  readonly upTo?: boolean | undefined;
  readonly asset?: AssetReference;
  /** How much of the initiating wallet must remain, not counting what is held. */
  readonly minimumBalance?: bigint | undefined;
};

export type MoneyTerms = AmountTerms & {
  /** When it counts as having happened; absent: when it is recorded. */
  readonly effectiveAt?: Date | undefined;
};

/** Who decided a correction or a control, and why. */
export type Decided = { readonly reason: string; readonly actor: string };

/** What names a wallet by its owner and an asset. */
export type OwnerMoneyRequest = MoneyTerms & { readonly owner: string };
export type WalletMoneyRequest = MoneyTerms & { readonly wallet: string };

/** The longest that a hold may last, in whole seconds: ten years. */
export const expiresInSecondsMax = 315_360_000;

/** Of the reason for a correction or a control. */
export const reasonLengthMax = 1_000;

/** System accounts that callers may name. */
export const destinations = ['cash_out', 'treasury', 'fees', 'breakage'] as const satisfies readonly SystemKind[];
export type Destination = Extract<AccountRef, { wallet: string }> | { readonly system: (typeof destinations)[number] };

/** A user's wallet in an asset, or one with an id of its own. */
export type OpenRequest = Terms & {
  readonly asset?: AssetReference;
  /** How far below zero the wallet may go. */
  readonly creditLimit?: bigint | undefined;
} & ({ readonly owner: string } | { readonly wallet: string });
