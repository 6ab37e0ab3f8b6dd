/** The content of a request for an operation, independent of the transport. Amounts are in minor units of the asset. */
import type { Principal } from '../identity/index.ts';
import type { AccountRef, SystemKind } from '../ledger/index.ts';

/** What every request may carry. */
export type Terms = {
  /** Idempotency key. A new one is generated when it is absent; the outcome names it. */
  readonly key?: string | undefined;
  /** JSON text from the caller. */
  readonly metadata?: string | undefined;
  /** The initiating wallet must be at this version. */
  readonly expectedVersion?: number | undefined;
  /** The initiating wallet must belong to this owner; otherwise it is not found. */
  readonly onlyOwner?: string | undefined;
  /** Who asks for it; recorded in the log. */
  readonly actor?: string | undefined;
  /** The second person, where there was one; recorded in the log. Never from a caller. */
  readonly approver?: string | undefined;
  readonly clearance?: Clearance | undefined;
  /** The caller, for approval policies; absent: Coffer itself, which carries out what was asked for before. */
  readonly maker?: Principal | undefined;
};

/**
 * How money may leave for the outside. `direct`: no payout decision is needed, only a review. `decided`: the review and the payout decision
 * were made. Absent: a rule or the payout may hold it back.
 */
export type Clearance = 'direct' | 'decided';

/** An asset by its code or number. Absent: the wallet's own, or the default asset. */
export type AssetReference = string | number | undefined;

export type AmountTerms = Terms & {
  readonly amount: bigint;
  /** Take as much of the amount as is available. */
  readonly upTo?: boolean | undefined;
  readonly asset?: AssetReference;
  /** How much of the initiating wallet must remain, excluding held amounts. */
  readonly minimumBalance?: bigint | undefined;
};

export type MoneyTerms = AmountTerms & {
  /** When it counts as having happened; absent: when it is recorded. */
  readonly effectiveAt?: Date | undefined;
};

/** How callers write and read amounts. Terms are always in minor units. */
export const units = ['minor', 'major'] as const;
export type Unit = (typeof units)[number];

/** Of an asset's code. */
export const assetCodeLengthMax = 32;
export const assetNumberMax = 2_147_483_647;

/** The actor of a correction or a control, and the reason. */
export type Decided = { readonly reason: string; readonly actor: string };

/** Names a wallet by its owner and an asset. */
export type OwnerMoneyRequest = MoneyTerms & { readonly owner: string };
export type WalletMoneyRequest = MoneyTerms & { readonly wallet: string };

/** The longest duration of a hold, in whole seconds: ten years. */
export const expiresInSecondsMax = 315_360_000;

/** Of the reason for a correction or a control. */
export const reasonLengthMax = 1_000;

/** System accounts that callers may name. */
export const destinations = ['cash_out', 'treasury', 'fees', 'breakage'] as const satisfies readonly SystemKind[];
export type Destination = Extract<AccountRef, { wallet: string }> | { readonly system: (typeof destinations)[number] };

/** A user's wallet in an asset, or one with its own id. */
export type OpenRequest = Terms & {
  readonly asset?: AssetReference;
  /** How far below zero the wallet may go. */
  readonly creditLimit?: bigint | undefined;
} & ({ readonly owner: string } | { readonly wallet: string });
