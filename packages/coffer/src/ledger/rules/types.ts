/** The ledger's vocabulary: accounts, operations, log entries and outcomes. */
import type { Refusal } from './refusals.ts';

export type SystemKind = 'treasury' | 'issuance' | 'cash_in' | 'cash_out' | 'fees' | 'in_transit' | 'breakage';
/** `named`: an account of the chart. */
export type AccountKind = 'wallet' | 'named' | SystemKind;

export type TransferKind = 'issue' | 'burn' | 'deposit' | 'withdrawal' | 'topup' | 'spend' | 'transfer';
export type HoldKind = 'hold' | 'capture' | 'release' | 'expire';
/** The steps of a transfer by saga: see saga.ts. */
export type SagaKind = 'transfer_debit' | 'transfer_credit' | 'transfer_complete' | 'transfer_return';
export type ControlKind = 'freeze' | 'unfreeze' | 'close' | 'limit' | 'credit_line';
export type EntryKind = 'open' | TransferKind | SagaKind | HoldKind | 'reversal' | ControlKind;

/** Frozen can be undone, closed cannot. */
export type SideStatus = 'open' | 'frozen' | 'closed';
/** The sides of a wallet that a control affects: money out, money in, or both. */
export type Sides = 'debits' | 'credits' | 'both';

/** The most that may leave a wallet, in minor units; null: no limit. Days and months are in UTC. */
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

/**
 * What left a wallet in the day and month of `at` (milliseconds since 1970). Exact wherever it is known; stored while the wallet has
 * limits.
 */
export type Spent = { readonly at: number; readonly day: bigint; readonly month: bigint };

/**
 * An account as of the newest entry that names it. Immutable: a posting makes a new one. `balance` is credits minus debits, in minor units;
 * all balances of an asset add up to zero.
 */
export type Account = {
  /** Dense within the book, assigned at opening. */
  readonly number: number;
  /** The caller's name for it: the wallet id, or `$kind/asset` for a system account. */
  readonly id: string;
  readonly kind: AccountKind;
  readonly asset: number;
  readonly owner: string | null;
  /** The lowest balance a debit may leave; a credit line is a negative floor; null: unbounded. */
  readonly floor: bigint | null;
  readonly balance: bigint;
  /** The part of the balance that open holds reserve. */
  readonly held: bigint;
  readonly controls: Controls;
  /** Null: unknown, to be looked up before a first limit. */
  readonly spent: Spent | null;
  /** How many entries have named it since its opening. */
  readonly version: number;
  /** The seq of its newest entry, which a decision leaves to the entry's place in the log, and of the one before; null: unknown, or none. */
  seq: number;
  readonly previous: number | null;
};

/** The current state of a hold. */
export type Hold = {
  /** The seq of the entry that authorised it, by which captures and releases name it. */
  readonly seq: number;
  readonly wallet: string;
  readonly amount: bigint;
  /** What is neither captured nor released. */
  readonly left: bigint;
  readonly expiresAt: Date | null;
};

/** A posting that may be reversed, and how much of it already was. */
export type Original = { readonly entry: RecordedEntry; readonly reversed: bigint };

/** What is needed to open a wallet. */
export type WalletSpec = {
  readonly owner: string | null;
  readonly asset: number;
  readonly floor: bigint;
};

/** What an account of the chart is to postings. Without a floor it exists in every book, like a system account. */
export type NamedSpec = { readonly asset: number; readonly floor: bigint | null };

/**
 * A wallet by its id, opened if missing when `opens` is given; an account of the chart without a floor, of this book, by its id in books; or the
 * book's system account of a kind, in the other side's asset. An account of the chart with a floor is named as a wallet: it is in one book. Both
 * are opened by the first posting.
 */
export type AccountRef =
  | { readonly wallet: string; readonly opens?: WalletSpec }
  | { readonly named: string }
  | { readonly system: SystemKind };

/** The persons behind an operation. Recorded, not content: another principal may repeat a request. */
export type Asked = {
  /** The principal that asked for it, as the audit names it. */
  readonly actor?: string;
  /** The second person, where the operation needed one. */
  readonly approver?: string;
};

/** Terms that every operation of a caller may carry. */
type Terms = Asked & {
  /** When given, the initiating wallet must belong to this owner; otherwise it is not found. Checked before the key is looked up. */
  readonly onlyOwner?: string;
  /** When given, the initiating account must be at exactly this version. A precondition, not content: a replay ignores it. */
  readonly expectedVersion?: number;
  /** JSON text from the caller, stored unchanged. */
  readonly metadata?: string;
};

type AmountTerms = {
  readonly amount: bigint;
  /** Take as much of the amount as is available; refused only when that is nothing. */
  readonly upTo?: boolean;
};

/** Open a wallet. Initiated by the wallet itself: its idempotency key is in the new wallet's scope. */
export type OpenOperation = Asked & {
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
    /** When given, both accounts must have this asset. */
    readonly asset?: number;
    /** A precondition: how much of the initiating account must remain afterwards, excluding held amounts. */
    readonly minimumBalance?: bigint;
    /** When it counts as having happened, for balances by effective date; the time of recording by default. */
    readonly effectiveAt?: Date;
    /** Of an issue or a burn: why. Then the actor is content, too. */
    readonly reason?: string;
    /** The book, where a system account initiates; by default the first. */
    readonly book?: number;
  };

/** The first step of a transfer by saga: from the sender's wallet into transit. The recipient may be in any book and is not checked. */
export type TransferDebitOperation = Terms &
  AmountTerms & {
    readonly kind: 'transfer_debit';
    readonly key: string;
    readonly wallet: string;
    /** The wallet to credit. */
    readonly to: string;
    readonly asset?: number;
    readonly minimumBalance?: bigint;
    readonly effectiveAt?: Date;
  };

/**
 * The second step, in the recipient's book: from transit to the recipient. Its outcome, posted or refused, is decided once, remembered
 * permanently, and decides the transfer. Made by saga-steps.ts, like the last step.
 */
export type TransferCreditOperation = Asked & {
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

/** The last step, in the sender's book: completes a credited transfer, or returns a refused one to the sender. */
export type TransferEndOperation = Asked & {
  readonly kind: 'transfer_complete' | 'transfer_return';
  /** The same for both ends, so that at most one of them exists. */
  readonly key: string;
  readonly asset: number;
  /** The seq of the first step. */
  readonly ends: number;
  readonly from: string;
  readonly to: string;
  /** The id of the deciding entry in the recipient's book. */
  readonly decidedBy: string;
  /** For a return: the refusal of the recipient's book. */
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
    /** Whole seconds by the database's clock; without it, the hold does not expire. */
    readonly expiresInSeconds?: number;
  };

/** Post a part of a hold. `final` releases what is left then. `wallet` is the hold's wallet, and initiates. */
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

/** Release a part of a hold. */
export type ReleaseOperation = Terms &
  AmountTerms & { readonly kind: 'release'; readonly key: string; readonly wallet: string; readonly hold: number };

/** Release what is left of an expired hold. Internal: it has no key, and a second one finds nothing left. */
export type ExpireOperation = Asked & { readonly kind: 'expire'; readonly key: null; readonly wallet: string; readonly hold: number };

/** The actor of a correction or a control, and the reason. */
export type Decided = { readonly reason: string; readonly actor: string };

/**
 * Move back money that an earlier posting moved; `upTo`: as much as is not reversed yet. `initiator` is the id of the account that
 * initiated the original: the key is in its scope. Freezes and limits do not stop it; closing and floors do.
 */
export type ReversalOperation = Terms &
  AmountTerms &
  Decided & {
    readonly kind: 'reversal';
    readonly key: string;
    readonly initiator: string;
    readonly reverses: number;
    readonly effectiveAt?: Date;
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

/** What an entry of a kind is to corrections, limits and controls. */
export type Traits = {
  /** A posting that may be reversed. */
  readonly isReversible: boolean;
  /** Its amount counts towards the limits of the debited wallet. */
  readonly countsAsSpent: boolean;
  /** An operator's decision about what a wallet may do: the entry has all controls of the wallet after it. */
  readonly isControl: boolean;
};

const internal: Traits = { isReversible: false, countsAsSpent: false, isControl: false };
const incoming: Traits = { ...internal, isReversible: true };
const outgoing: Traits = { ...incoming, countsAsSpent: true };
const control: Traits = { ...internal, isControl: true };

export const traits: Readonly<Record<EntryKind, Traits>> = {
  open: internal,
  issue: incoming,
  burn: incoming,
  deposit: incoming,
  withdrawal: outgoing,
  topup: incoming,
  spend: outgoing,
  transfer: outgoing,
  transfer_debit: { ...internal, countsAsSpent: true },
  transfer_credit: internal,
  transfer_complete: internal,
  transfer_return: internal,
  hold: internal,
  capture: outgoing,
  release: internal,
  expire: internal,
  reversal: internal,
  freeze: control,
  unfreeze: control,
  close: control,
  limit: control,
  credit_line: control,
};
export const entryKinds = Object.keys(traits) as readonly EntryKind[];

/** One side of an entry: the account after it. */
export type PostedSide = {
  readonly number: number;
  readonly id: string;
  readonly kind: AccountKind;
  readonly balance: bigint;
  readonly held: bigint;
  /** The floor in force at the time; null: unbounded. */
  readonly floor: bigint | null;
  readonly version: number;
  /** The seq of the account's entry before this one; null in an opening, and in entries older than chain format 4. */
  readonly previous: number | null;
};

/**
 * One row of the log. Postings have both sides. Holds, releases, expiries, controls and the completion of a transfer by saga name one
 * account as the debit side and keep its balance. An opening names it as the credit side. A refusal has no sides.
 */
export type Entry = {
  readonly seq: number;
  readonly operation: number;
  readonly kind: EntryKind;
  readonly debit: PostedSide | null;
  readonly credit: PostedSide | null;
  readonly asset: number | null;
  readonly amount: bigint | null;
  /** The amount requested, when it was "up to" an amount. */
  readonly askedAmount: bigint | null;
  readonly debitFloor: bigint | null;
  /** The number of the account within which the key is unique. */
  readonly scope: number | null;
  readonly key: string | null;
  /** The digest of the request, in hex (see digest.ts). */
  readonly digest: string;
  readonly metadata: string | null;
  readonly refusal: Refusal | null;
  /**
   * JSON text. For a refusal: the request and its facts. For corrections and controls: what was decided, the actor and the reason. For a
   * saga's step: the wallets.
   */
  readonly details: string | null;
  readonly effectiveAt: Date | null;
  /** The seq of the hold concerned, and what is left of it; a hold names itself. */
  readonly hold: number | null;
  readonly holdLeft: bigint | null;
  /** Holds only. */
  readonly expiresAt: Date | null;
  /** The seq of the reversed entry, and how much of it is reversed so far. */
  readonly reverses: number | null;
  readonly reversed: bigint | null;
  /** For a control: all controls of the wallet after it, and its floor. JSON text. */
  readonly controls: string | null;
  /** What left the debit account in the day and month of this entry, counted while it has limits. */
  readonly spentDay: bigint | null;
  readonly spentMonth: bigint | null;
  /** Who asked for it; null in entries older than chain format 3, and where nobody did. */
  readonly actor: string | null;
  /** Who approved it, when a second person had to. */
  readonly approver: string | null;
  /** The place among the postings of one operation, from 1; null when it is the only one. */
  readonly leg: number | null;
};

/** A log row with its book and the time it was recorded: what is answered, remembered and read back. */
export type RecordedEntry = Entry & { readonly book: number; readonly recordedAt: Date };

/**
 * The answer to the caller. `seq` is a position in the book's log: of the operation's own entry, or of the head for a refusal that is not
 * remembered.
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
