/** What callers may ask of wallets, in no transport's words, and what they are told. */
import type { SagaState } from './sagas/drive.ts';
import type { AccountRef, Limits, Operation, Outcome, Sides, SystemKind } from '../ledger/index.ts';
import type { WalletRefusal } from './refusals.ts';

/** What every command may carry. */
export type Request = {
  /** Idempotency key; a fresh one is made up when absent, and returned. */
  readonly key?: string | undefined;
  /** JSON text of the caller's own. */
  readonly metadata?: string | undefined;
  /** The initiating wallet must stand at this version. */
  readonly expectedVersion?: number | undefined;
  /** The initiating wallet must be this owner's; another's is not found. */
  readonly onlyOwner?: string | undefined;
};

/** An asset by its code or number; the default asset, or the wallet's own, when absent. */
export type AssetReference = string | number | undefined;

export type OpenRequest = Request & { readonly asset?: AssetReference; readonly creditLimit?: bigint | undefined } & (
    | { readonly owner: string }
    | { readonly wallet: string }
  );

/** An amount in minor units. `upTo`: as much of it as there is. */
type AmountRequest = Request & {
  readonly amount: bigint;
  readonly upTo?: boolean | undefined;
  readonly asset?: AssetReference;
  /** How much of the initiating wallet, with what is held left aside, must remain. */
  readonly minimumBalance?: bigint | undefined;
};

export type MoneyRequest = AmountRequest & {
  /** When it counts as having happened; the moment of recording when absent. */
  readonly effectiveAt?: Date | undefined;
};
export type WalletMoneyRequest = MoneyRequest & { readonly wallet: string };
/** `atomic`: at once or not at all, which takes one book. `saga`: in steps, in whatever books. Absent: at once where that can be. */
export type TransferMode = 'atomic' | 'saga';
export type TransferRequest = MoneyRequest & { readonly from: string; readonly to: string; readonly mode?: TransferMode | undefined };
export type OwnerMoneyRequest = MoneyRequest & { readonly owner: string };

export type HoldRequest = AmountRequest & { readonly wallet: string; readonly expiresInSeconds?: number | undefined };

/** A part of a hold, which is named by the id that its authorisation answered. Without an amount: all that is left of it. */
export type ReleaseRequest = Request & { readonly hold: string; readonly amount?: bigint | undefined };
export type CaptureRequest = ReleaseRequest & {
  readonly to: Destination;
  /** What is left after this part goes back to the wallet. */
  readonly final?: boolean | undefined;
  readonly effectiveAt?: Date | undefined;
};

/** System accounts that callers may name. */
export const destinations = ['cash_out', 'treasury', 'fees', 'breakage'] as const satisfies readonly SystemKind[];
export type Destination = Extract<AccountRef, { wallet: string }> | { readonly system: (typeof destinations)[number] };

/** Who decided a correction or a control, and why. */
type Decided = { readonly reason: string; readonly actor: string };

/** Without an amount: all that is not reversed yet. */
export type ReversalRequest = Request & Decided & { readonly operation: string; readonly amount?: bigint | undefined };

type ControlRequest = Request & Decided & { readonly wallet: string };
export type FreezeRequest = ControlRequest & { readonly sides: Sides };
export type CloseRequest = FreezeRequest & { readonly sweepTo?: Destination | undefined };
/** All three, each null for no limit. */
export type LimitRequest = ControlRequest & { readonly limits: Limits };
/** How far below zero the wallet may go. */
export type CreditLineRequest = ControlRequest & { readonly creditLimit: bigint };

/** Asked by the owner, so what stops the owner's debits stops the sweep. */
export type CloseAllRequest = Decided & { readonly owner: string; readonly sweepTo?: Destination | undefined };

export type BatchItem =
  | ({ readonly type: 'open' } & OpenRequest)
  | ({ readonly type: 'deposit' | 'withdraw' } & WalletMoneyRequest)
  | ({ readonly type: 'transfer' } & TransferRequest)
  | ({ readonly type: 'topUp' | 'spend' } & OwnerMoneyRequest)
  | ({ readonly type: 'hold' } & HoldRequest)
  | ({ readonly type: 'capture' } & CaptureRequest)
  | ({ readonly type: 'release' } & ReleaseRequest)
  | ({ readonly type: 'reverse' } & ReversalRequest)
  | ({ readonly type: 'freeze' | 'unfreeze' } & FreezeRequest)
  | ({ readonly type: 'close' } & CloseRequest)
  | ({ readonly type: 'limit' } & LimitRequest)
  | ({ readonly type: 'creditLine' } & CreditLineRequest);

/** The ledger's answer, with the idempotency key that it is remembered under; of a transfer by saga its first step, and how far it came. */
export type WalletOutcome = PostedOutcome | RefusedOutcome;
type Answered = { readonly key: string; readonly saga?: SagaState };
type PostedOutcome = Extract<Outcome, { status: 'posted' }> & Answered;
export type RefusedOutcome = Omit<Extract<Outcome, { status: 'refused' }>, 'refusal'> & { readonly refusal: WalletRefusal } & Answered;

/** Ready to be posted, or refused before the ledger would see it. */
export type Prepared = { readonly key: string } & ({ readonly operation: Operation } | { readonly refusal: WalletRefusal });

/** Refused before the ledger saw it: nothing to remember, for what was named is nobody's. */
export function refusedUnseen(key: string, refusal: WalletRefusal): RefusedOutcome {
  return { status: 'refused', replayed: false, seq: 0, refusal, entry: null, key };
}
