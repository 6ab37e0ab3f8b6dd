/** The words of the ledger: accounts, what callers ask for, what the log records, what callers are told. */
import type { Refusal } from './refusals.ts';

export type SystemKind = 'treasury' | 'issuance' | 'cash_in' | 'cash_out' | 'fees' | 'in_transit' | 'breakage';
export type AccountKind = 'wallet' | SystemKind;

export type TransferKind = 'issue' | 'deposit' | 'withdrawal' | 'topup' | 'spend' | 'transfer';
export type EntryKind = 'open' | TransferKind;

/**
 * An account as the newest entry that names it left it. Immutable: a posting makes a new one.
 * `balance` is credits minus debits, in minor units; all balances of an asset add up to zero.
 */
export type Account = {
  /** Dense within the book, given at opening. */
  readonly number: number;
  /** What callers call it: the wallet id, or `$kind/asset` for a system account. */
  readonly id: string;
  readonly kind: AccountKind;
  readonly asset: number;
  readonly owner: string | null;
  /** The lowest balance a debit may leave; a credit line is a negative floor; null: unbounded. */
  readonly floor: bigint | null;
  readonly balance: bigint;
  /** How many postings have named it. */
  readonly version: number;
};

/** What it takes to open a wallet that is not there yet. */
export type WalletSpec = {
  readonly owner: string | null;
  readonly asset: number;
  readonly floor: bigint;
};

/** A wallet by its id, opened on the way when `opens` says how; or the book's system account of a kind, in the other side's asset. */
export type AccountRef = { readonly wallet: string; readonly opens?: WalletSpec } | { readonly system: SystemKind };

/** Open a wallet. Initiated by the wallet itself: its idempotency key lives in the new wallet's scope. */
export type OpenOperation = {
  readonly kind: 'open';
  readonly key: string;
  readonly wallet: string;
  readonly opens: WalletSpec;
};

/** Move an amount from one account to another. */
export type TransferOperation = {
  readonly kind: TransferKind;
  /** Unique within the initiating account (see `initiatingSide`). */
  readonly key: string;
  readonly debit: AccountRef;
  readonly credit: AccountRef;
  readonly amount: bigint;
  /** When given, both accounts must be of this asset. */
  readonly asset?: number;
  /** When given, the initiating account must stand at exactly this version. A precondition, not content: a replay ignores it. */
  readonly expectedVersion?: number;
  /** JSON text of the caller's own, stored as it came. */
  readonly metadata?: string;
};

export type Operation = OpenOperation | TransferOperation;

/** Which side initiates a transfer of each kind, and so owns its idempotency key. */
export const initiatingSide = {
  issue: 'credit',
  deposit: 'credit',
  withdrawal: 'debit',
  topup: 'credit',
  spend: 'debit',
  transfer: 'debit',
} as const satisfies Record<TransferKind, 'debit' | 'credit'>;

/** One side of a posting, as it left the account. */
export type PostedSide = {
  readonly number: number;
  readonly id: string;
  readonly kind: AccountKind;
  readonly balance: bigint;
  readonly version: number;
};

/** One row of the log. `debit` is null for an opening, both sides are null for a refusal. */
export type Entry = {
  readonly seq: number;
  readonly operation: number;
  readonly kind: EntryKind;
  readonly debit: PostedSide | null;
  readonly credit: PostedSide | null;
  readonly asset: number | null;
  readonly amount: bigint | null;
  readonly debitFloor: bigint | null;
  /** Number of the account whose idempotency keys this one is unique among. */
  readonly scope: number | null;
  readonly key: string | null;
  /** The digest of what was asked, in hex (see digest.ts). */
  readonly digest: string;
  readonly metadata: string | null;
  readonly refusal: Refusal | null;
  /** For a refusal: what was asked, since the sides are null. JSON text, together with the refusal's facts. */
  readonly details: string | null;
};

/** A log row with the moment and the book it was committed in: what is answered, remembered and read back. */
export type RecordedEntry = Entry & { readonly book: number; readonly recordedAt: Date };

/**
 * What the caller is told.
 * `seq` is a position in the book's log: of the operation's own entry, or of the head for a refusal that is not remembered.
 */
export type Outcome =
  | {
      readonly status: 'posted';
      readonly replayed: boolean;
      readonly seq: number;
      readonly entry: RecordedEntry;
    }
  | {
      readonly status: 'refused';
      readonly replayed: boolean;
      readonly seq: number;
      readonly refusal: Refusal;
      readonly entry: RecordedEntry | null;
    };
