/**
 * What each kind of entry is, as documented: the tests' own statement, in one place. The reference, the expected events, the recount of
 * stats and the examples derive from it. To test a new kind, add a row.
 */
import type { EntryKind, Operation } from '../../packages/coffer/src/ledger/index.ts';
import type { AmountName } from '../../packages/coffer/src/wallets/index.ts';

type Kind = {
  /** Whose idempotency key it is, where an operation names two sides. */
  readonly asks?: 'debit' | 'credit';
  /** The type of its event, where it has only one. */
  readonly done?: string;
  /** The type of the event of a refusal, where it has only one. */
  readonly failed?: string;
  /** The figure of the stats that counts the amount for the credited wallet. */
  readonly into?: AmountName;
  /** It is subtracted from that figure. */
  readonly takesBack?: true;
  /** The same for the debited wallet. */
  readonly outOf?: AmountName;
  /** It can be reversed. */
  readonly isReversible?: true;
  /** Its amount counts towards limits: debits by the owner, not corrections by operators. */
  readonly isCounted?: true;
  /** It is not an activity of the wallet: what operators do, and what happens by the clock. */
  readonly isQuiet?: true;
  /** One that is posted on a funded wallet of asset 1, beside another one, and leaves it able to do the same again. */
  readonly sample?: (key: string, wallet: string, other: string) => Operation;
};

const decided = { reason: 'a test', actor: 'operator:test' } as const;
const incoming = { asks: 'credit', isReversible: true } as const;
const outgoing = { asks: 'debit', isReversible: true, isCounted: true } as const;

export const kinds = {
  open: { done: 'WalletCreated', failed: 'WalletCreationFailed' },
  issue: {
    ...incoming,
    done: 'FundsIssued',
    failed: 'IssueFailed',
    into: 'issued',
    sample: (key) => ({ kind: 'issue', key, debit: { system: 'issuance' }, credit: { system: 'treasury' }, asset: 1, amount: 1_000n }),
  },
  burn: {
    asks: 'debit',
    isReversible: true,
    done: 'FundsBurned',
    failed: 'BurnFailed',
    sample: (key) => ({
      kind: 'burn',
      key,
      debit: { system: 'treasury' },
      credit: { system: 'issuance' },
      asset: 1,
      amount: 10n,
      ...decided,
    }),
  },
  deposit: { ...incoming, done: 'FundsDeposited', failed: 'DepositFailed', into: 'deposited' },
  withdrawal: {
    ...outgoing,
    done: 'FundsWithdrawn',
    failed: 'WithdrawalFailed',
    outOf: 'withdrawn',
    sample: (key, wallet) => ({ kind: 'withdrawal', key, debit: { wallet }, credit: { system: 'cash_out' }, amount: 5n }),
  },
  topup: {
    ...incoming,
    done: 'FundsToppedUp',
    failed: 'TopUpFailed',
    into: 'toppedUp',
    sample: (key, wallet) => ({ kind: 'topup', key, debit: { system: 'treasury' }, credit: { wallet }, amount: 100n }),
  },
  spend: {
    ...outgoing,
    done: 'FundsSpent',
    failed: 'SpendFailed',
    outOf: 'spent',
    sample: (key, wallet) => ({ kind: 'spend', key, debit: { wallet }, credit: { system: 'treasury' }, amount: 30n }),
  },
  transfer: {
    ...outgoing,
    into: 'transferredIn',
    outOf: 'transferredOut',
    sample: (key, wallet, other) => ({ kind: 'transfer', key, debit: { wallet }, credit: { wallet: other }, amount: 7n }),
  },
  transfer_debit: { isCounted: true, outOf: 'transferredOut' },
  transfer_credit: { failed: 'TransferCreditFailed', into: 'transferredIn' },
  transfer_complete: {},
  // A compensated transfer does not count as transferred.
  transfer_return: { into: 'transferredOut', takesBack: true },
  hold: { done: 'HoldAuthorized', failed: 'HoldFailed' },
  capture: {
    done: 'HoldCaptured',
    failed: 'CaptureFailed',
    into: 'capturedIn',
    outOf: 'capturedOut',
    isReversible: true,
    isCounted: true,
  },
  release: { done: 'HoldReleased', failed: 'ReleaseFailed' },
  expire: { done: 'HoldExpired', isQuiet: true },
  reversal: { done: 'OperationReversed', failed: 'ReversalFailed', into: 'reversedIn', outOf: 'reversedOut' },
  freeze: {
    done: 'WalletFrozen',
    failed: 'FreezeFailed',
    isQuiet: true,
    sample: (key, wallet) => ({ kind: 'freeze', key, wallet, sides: 'both', ...decided }),
  },
  unfreeze: {
    done: 'WalletUnfrozen',
    failed: 'UnfreezeFailed',
    isQuiet: true,
    sample: (key, wallet) => ({ kind: 'unfreeze', key, wallet, sides: 'both', ...decided }),
  },
  close: { done: 'WalletClosed', failed: 'CloseFailed', into: 'sweptIn', outOf: 'sweptOut', isQuiet: true },
  limit: { done: 'WalletLimitsChanged', failed: 'LimitChangeFailed', isQuiet: true },
  credit_line: { done: 'CreditLineChanged', failed: 'CreditLineChangeFailed', isQuiet: true },
} as const satisfies Record<EntryKind, Kind>;

/** The row of a kind as the log names it; empty for a name that is no kind. */
export function kindOf({ kind }: { readonly kind: string }): Kind {
  return Object.hasOwn(kinds, kind) ? kinds[kind as EntryKind] : {};
}

/** One operation of every kind that has a sample, in order. */
export function samples(wallet: string, other: string): Operation[] {
  return Object.entries(kinds).flatMap(([kind, row]: [string, Kind]) => row.sample?.(`sample of ${kind}`, wallet, other) ?? []);
}

const figures = Object.values<Kind>(kinds);
/** The figures that add to a balance, and those that reduce it. */
export const figuresOut = new Set(figures.flatMap(({ outOf }) => outOf ?? []));
export const figuresIn = new Set(figures.flatMap(({ into, takesBack }) => (into === undefined || takesBack ? [] : into)));
