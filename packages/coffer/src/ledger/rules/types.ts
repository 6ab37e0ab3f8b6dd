/** The words of the ledger: accounts, what callers ask for, what the log records, what callers are told. */
import type { Refusal } from './refusals.ts';

export type SystemKind = 'treasury' | 'issuance' | 'cash_in' | 'cash_out' | 'fees' | 'in_transit' | 'breakage';
export type AccountKind = 'wallet' | SystemKind;

export type TransferKind = 'issue' | 'deposit' | 'withdrawal' | 'topup' | 'spend' | 'transfer';
export type HoldKind = 'hold' | 'capture' | 'release' | 'expire';
/** The steps of a transfer by saga: see saga.ts. */
export type SagaKind = 'transfer_debit' | 'transfer_credit' | 'transfer_complete' | 'transfer_return';
export type ControlKind = 'freeze' | 'unfreeze' | 'close' | 'limit' | 'credit_line';
export type EntryKind = 'open' | TransferKind | SagaKind | HoldKind | 'reversal' | ControlKind;

/** Frozen can be undone, closed cannot. */
export type SideStatus = 'open' | 'frozen' | 'closed';
/** Which sides of a wallet a control is about: money out, money in, or both. */
export type Sides = 'debits' | 'credits' | 'both';

/** The most that may leave a wallet, in minor units; null: no limit. Days and months are those of UTC. */
export type Limits = {
  readonly perTransfer: bigint | null;
  readonly perDay: bigint | null;
  readonly perMonth: bigint | null;
};

/** What operators decided about a wallet. */
export type Controls = {
  readonly debits: SideStatus;
  readonly credits: SideStatus;
  readonly limits: Limits | null;
};

/** What left a wallet in the day and month of `at` (milliseconds since 1970): exact wherever it is known, written down while there are limits. */
export type Spent = { readonly at: number; readonly day: bigint; readonly month: bigint };

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
  /** What open holds reserve of the balance. */
  readonly held: bigint;
  readonly controls: Controls;
  /** Null: not known, and to be looked up before a first limit. */
  readonly spent: Spent | null;
  /** How many entries have named it since its opening. */
  readonly version: number;
};

/** A hold as it stands. */
export type Hold = {
  /** Of the entry that authorised it: what captures and releases name it by. */
  readonly seq: number;
  readonly wallet: string;
  readonly amount: bigint;
  /** What is neither captured nor released. */
  readonly left: bigint;
  readonly expiresAt: Date | null;
};

/** A posting that may be reversed, and how much of it already was. */
export type Original = { readonly entry: RecordedEntry; readonly reversed: bigint };

/** What it takes to open a wallet that is not there yet. */
export type WalletSpec = {
  readonly owner: string | null;
  readonly asset: number;
  readonly floor: bigint;
};

/** A wallet by its id, opened on the way when `opens` says how; or the book's system account of a kind, in the other side's asset. */
export type AccountRef = { readonly wallet: string; readonly opens?: WalletSpec } | { readonly system: SystemKind };

/** What every operation may carry. */
type Terms = {
  /** When given, the initiating wallet must be this owner's: another's is not found. Checked before any look at the key. */
  readonly onlyOwner?: string;
  /** When given, the initiating account must stand at exactly this version. A precondition, not content: a replay ignores it. */
  readonly expectedVersion?: number;
  /** JSON text of the caller's own, stored as it came. */
  readonly metadata?: string;
};

type AmountTerms = {
  readonly amount: bigint;
  /** Take as much of the amount as there is; refused only when there is nothing. */
  readonly upTo?: boolean;
};

/** Open a wallet. Initiated by the wallet itself: its idempotency key lives in the new wallet's scope. */
export type OpenOperation = {
  readonly kind: 'open';
  readonly key: string;
  readonly wallet: string;
  readonly opens: WalletSpec;
};

/** Move an amount from one account to another. */
export type TransferOperation = Terms &
  AmountTerms & {
    readonly kind: TransferKind;
    /** Unique within the initiating account (see `initiatingSide`). */
    readonly key: string;
    readonly debit: AccountRef;
    readonly credit: AccountRef;
    /** When given, both accounts must be of this asset. */
    readonly asset?: number;
    /** A precondition: how much of the initiating account, with what is held left aside, must remain afterwards. */
    readonly minimumBalance?: bigint;
    /** When it counts as having happened, for balances by effective date; the moment of recording when absent. */
    readonly effectiveAt?: Date;
  };

/** The first step of a transfer by saga: from the sender's wallet into transit. The recipient may be in any book, and is not looked at. */
export type TransferDebitOperation = Terms &
  AmountTerms & {
    readonly kind: 'transfer_debit';
    readonly key: string;
    readonly wallet: string;
    /** The wallet that is to be credited. */
    readonly to: string;
    readonly asset?: number;
    readonly minimumBalance?: bigint;
    readonly effectiveAt?: Date;
  };

/**
 * The second, in the recipient's book: from transit to the recipient. Its outcome, posted or refused, is decided once and remembered for
 * ever, and decides the transfer. Made by saga-steps.ts, like the last one.
 */
export type TransferCreditOperation = {
  readonly kind: 'transfer_credit';
  readonly key: string;
  readonly to: string;
  readonly asset: number;
  readonly amount: bigint;
  /** The transfer's id, and the sender's wallet. */
  readonly transfer: string;
  readonly from: string;
  readonly metadata?: string;
  readonly effectiveAt?: Date;
};

/** The last, back in the sender's book: what was credited is completed, what was refused there returns to the sender. */
export type TransferEndOperation = {
  readonly kind: 'transfer_complete' | 'transfer_return';
  /** One for both ends, so that there is never more than one of them. */
  readonly key: string;
  readonly asset: number;
  /** The seq of the first step. */
  readonly ends: number;
  readonly from: string;
  readonly to: string;
  /** The id of the entry that the recipient's book remembers. */
  readonly decidedBy: string;
  /** Of a return: what the recipient's book said. */
  readonly refusal?: Refusal;
  readonly effectiveAt?: Date;
};

/** Reserve an amount of a wallet. The answer's `seq` names the hold. */
export type HoldOperation = Terms &
  AmountTerms & {
    readonly kind: 'hold';
    readonly key: string;
    readonly wallet: string;
    readonly asset?: number;
    readonly minimumBalance?: bigint;
    /** Whole seconds by the database's clock; never when absent. */
    readonly expiresInSeconds?: number;
  };

/** Post a part of a hold. `final`: what is left then is released. `wallet` is the hold's, and initiates. */
export type CaptureOperation = Terms &
  AmountTerms & {
    readonly kind: 'capture';
    readonly key: string;
    readonly wallet: string;
    readonly hold: number;
    readonly credit: AccountRef;
    readonly final?: boolean;
    readonly effectiveAt?: Date;
  };

/** Give back a part of a hold. */
export type ReleaseOperation = Terms &
  AmountTerms & { readonly kind: 'release'; readonly key: string; readonly wallet: string; readonly hold: number };

/** Give back what is left of a hold whose time is up. The ledger's own: it has no key, and a second one finds nothing left. */
export type ExpireOperation = { readonly kind: 'expire'; readonly key: null; readonly wallet: string; readonly hold: number };

/** Who decided a correction or a control, and why. */
export type Decided = { readonly reason: string; readonly actor: string };

/**
 * Move money back that an earlier posting moved; `upTo`: as much as is not reversed yet. `initiator` is the id of the account that initiated that one: the key lives there.
 * Freezes and limits do not stop it; closing and floors do.
 */
export type ReversalOperation = Terms &
  AmountTerms &
  Decided & {
    readonly kind: 'reversal';
    readonly key: string;
    readonly initiator: string;
    readonly reverses: number;
  };

/** `sweepTo`: where the balance goes; without it a wallet that is not empty is refused. */
export type ControlChange =
  | { readonly kind: 'freeze' | 'unfreeze'; readonly sides: Sides }
  | { readonly kind: 'close'; readonly sides: Sides; readonly sweepTo?: AccountRef }
  | { readonly kind: 'limit'; readonly limits: Limits | null }
  | { readonly kind: 'credit_line'; readonly floor: bigint };

/** Change what a wallet may do. */
export type ControlOperation = Terms & Decided & ControlChange & { readonly key: string; readonly wallet: string };

export type Operation =
  | OpenOperation
  | TransferOperation
  | TransferDebitOperation
  | TransferCreditOperation
  | TransferEndOperation
  | HoldOperation
  | CaptureOperation
  | ReleaseOperation
  | ExpireOperation
  | ReversalOperation
  | ControlOperation;

/** Which side initiates a transfer of each kind, and so owns its idempotency key. */
export const initiatingSide = {
  issue: 'credit',
  deposit: 'credit',
  withdrawal: 'debit',
  topup: 'credit',
  spend: 'debit',
  transfer: 'debit',
} as const satisfies Record<TransferKind, 'debit' | 'credit'>;

/** One side of an entry, as it left the account. */
export type PostedSide = {
  readonly number: number;
  readonly id: string;
  readonly kind: AccountKind;
  readonly balance: bigint;
  readonly held: bigint;
  /** How far a debit might have gone then; null: unbounded. */
  readonly floor: bigint | null;
  readonly version: number;
};

/**
 * One row of the log. Postings have both sides; holds, releases, expiries and controls name one account, as the debit side, and
 * leave its balance, and so does the completion of a transfer by saga; an opening names it as the credit side; a refusal has no sides.
 */
export type Entry = {
  readonly seq: number;
  readonly operation: number;
  readonly kind: EntryKind;
  readonly debit: PostedSide | null;
  readonly credit: PostedSide | null;
  readonly asset: number | null;
  readonly amount: bigint | null;
  /** What was asked for, when it was "up to" an amount. */
  readonly askedAmount: bigint | null;
  readonly debitFloor: bigint | null;
  /** Number of the account whose idempotency keys this one is unique among. */
  readonly scope: number | null;
  readonly key: string | null;
  /** The digest of what was asked, in hex (see digest.ts). */
  readonly digest: string;
  readonly metadata: string | null;
  readonly refusal: Refusal | null;
  /** JSON text: for a refusal what was asked and its facts; for corrections and controls who decided what, and why; for a saga's step the wallets. */
  readonly details: string | null;
  readonly effectiveAt: Date | null;
  /** The seq of the hold that this is about, and what is left of it; a hold names itself. */
  readonly hold: number | null;
  readonly holdLeft: bigint | null;
  /** Of a hold. */
  readonly expiresAt: Date | null;
  /** The seq of the entry that this one reverses, and how much of that is reversed by now. */
  readonly reverses: number | null;
  readonly reversed: bigint | null;
  /** Of a control: all controls of the wallet after it, and its floor. JSON text. */
  readonly controls: string | null;
  /** What left the debit account in the day and month of this entry, counted while it has limits. */
  readonly spentDay: bigint | null;
  readonly spentMonth: bigint | null;
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
