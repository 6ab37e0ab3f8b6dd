/**
 * What the verifier expects of each kind of entry: its columns, its content and its events. Repeated here on purpose: the verifier shares
 * no rule with what it verifies. To verify a new kind, add a row.
 */
import type { Content } from '../rules/content.ts';
import type { EntryKind } from '../rules/types.ts';
import { amountOf, effectiveOf, endedIn, holdOf, lastingOf, sidesOf } from './content.ts';
import type { Contained } from './content.ts';
import type { LogRow } from './rows.ts';
import { sagaIn } from './sagas.ts';

/** The event's type and wallet; `sender` as a saga's step names it. With `only`, wallets alone: events do not cover system accounts. */
export type EventRule = readonly [type: string, side: 'debit' | 'credit' | 'scope' | 'sender', only?: 'wallet'];

type Stops = { readonly debit: readonly string[]; readonly credit: readonly string[] };

export type Kind = {
  /** One account, two, or either (two if there was a balance to sweep). */
  readonly sides: 'one' | 'two' | 'either';
  /** The account whose idempotency key it is. `placed`: the credit side if only that one is in one book, else the debit side. */
  readonly initiator: 'debit' | 'credit' | 'placed' | 'original' | 'none';
  /** Refused beyond the limits of the debited wallet. */
  readonly limited: boolean;
  /** Counts towards those limits. */
  readonly spends: boolean;
  /** Changes what a wallet may do, by an operator's decision. */
  readonly decides: boolean;
  readonly reversible: boolean;
  /** The states of a side that stop it. Money that operators send back or sweep passes a freeze. */
  readonly stops: Stops;
  /** The columns that it has beside those of every kind. */
  readonly extra: readonly (keyof LogRow)[];
  /** Columns that it may have, in addition. */
  readonly maybe?: readonly (keyof LogRow)[];
  /** The content of the request. */
  readonly content: (contained: Contained) => Content;
  /** The events when it is posted, by part. */
  readonly events: readonly EventRule[];
  /** Those when it is refused. */
  readonly refused: readonly string[];
};

const shut = ['frozen', 'closed'];
const both: Stops = { debit: shut, credit: shut };
const neither: Stops = { debit: [], credit: [] };

const transfer = {
  sides: 'two',
  limited: true,
  spends: false,
  decides: false,
  reversible: true,
  stops: both,
  extra: ['askedAmount', 'effectiveAtUs'],
  content: (of) => ({ ...sidesOf(of), ...amountOf(of), ...effectiveOf(of) }),
} as const satisfies Partial<Kind>;

/** With a reason, where staff gave one. */
const issued = {
  ...transfer,
  maybe: ['details'],
  content: (of) => ({ ...transfer.content(of), ...of.decided }),
} as const satisfies Partial<Kind>;

const step = { ...transfer, initiator: 'debit', limited: false, reversible: false, refused: [] } as const satisfies Partial<Kind>;

const ofHold = { ...step, sides: 'one', stops: neither } as const satisfies Partial<Kind>;

const control = {
  ...step,
  sides: 'one',
  decides: true,
  stops: neither,
  extra: ['details', 'controls'],
  content: ({ decided: { sweepTo = null, ...decided }, ...of }) => ({ ...sidesOf(of), credit: sweepTo, amount: null, ...decided }),
} as const satisfies Partial<Kind>;

const kinds: Readonly<Record<Exclude<EntryKind, 'open'>, Kind>> = {
  issue: { ...issued, initiator: 'credit', events: [['FundsIssued', 'credit']], refused: ['IssueFailed'] },
  burn: { ...issued, initiator: 'debit', events: [['FundsBurned', 'debit']], refused: ['BurnFailed'] },
  deposit: { ...transfer, initiator: 'credit', events: [['FundsDeposited', 'credit']], refused: ['DepositFailed'] },
  withdrawal: { ...transfer, initiator: 'debit', spends: true, events: [['FundsWithdrawn', 'debit']], refused: ['WithdrawalFailed'] },
  topup: { ...transfer, initiator: 'credit', events: [['FundsToppedUp', 'credit']], refused: ['TopUpFailed'] },
  spend: { ...transfer, initiator: 'debit', spends: true, events: [['FundsSpent', 'debit']], refused: ['SpendFailed'] },
  transfer: {
    ...transfer,
    initiator: 'placed',
    spends: true,
    events: [
      ['TransferInitiated', 'debit'],
      ['TransferDebited', 'debit'],
      ['TransferCredited', 'credit'],
      ['TransferCompleted', 'debit'],
    ],
    refused: ['TransferInitiated', 'TransferFailed'],
  },
  transfer_debit: {
    ...step,
    limited: true,
    spends: true,
    extra: ['askedAmount', 'effectiveAtUs', 'details'],
    content: (of) => ({ ...sidesOf(of), credit: sagaIn(of.row).to ?? null, ...amountOf(of), ...effectiveOf(of) }),
    events: [
      ['TransferInitiated', 'debit'],
      ['TransferDebited', 'debit'],
    ],
    refused: ['TransferInitiated', 'TransferFailed'],
  },
  transfer_credit: {
    ...step,
    extra: ['effectiveAtUs', 'details'],
    content: (of) => {
      const { transfer = '', from = '' } = sagaIn(of.row);
      return { ...sidesOf(of), ...amountOf(of), ...effectiveOf(of), transfer, from };
    },
    events: [['TransferCredited', 'credit']],
    refused: ['TransferCreditFailed'],
  },
  transfer_complete: {
    ...step,
    sides: 'one',
    stops: neither,
    extra: ['details'],
    content: endedIn,
    events: [['TransferCompleted', 'sender']],
  },
  transfer_return: {
    ...step,
    stops: neither,
    extra: ['effectiveAtUs', 'details'],
    content: endedIn,
    events: [
      ['TransferCompensated', 'credit'],
      ['TransferFailed', 'credit'],
    ],
  },
  hold: {
    ...ofHold,
    limited: true,
    stops: { debit: shut, credit: [] },
    extra: ['askedAmount', 'hold', 'holdLeft', 'expiresAtUs'],
    content: (of) => ({ ...sidesOf(of), ...amountOf(of), ...lastingOf(of) }),
    events: [['HoldAuthorized', 'debit']],
    refused: ['HoldFailed'],
  },
  capture: {
    ...step,
    spends: true,
    reversible: true,
    extra: ['askedAmount', 'effectiveAtUs', 'hold', 'holdLeft'],
    content: (of) => ({ ...sidesOf(of), ...amountOf(of), ...holdOf(of), ...(of.final && { final: of.final }), ...effectiveOf(of) }),
    events: [
      ['HoldCaptured', 'debit'],
      ['CaptureCredited', 'credit', 'wallet'],
    ],
    refused: ['CaptureFailed'],
  },
  release: {
    ...ofHold,
    extra: ['askedAmount', 'hold', 'holdLeft'],
    content: (of) => ({ ...sidesOf(of), ...amountOf(of), ...holdOf(of) }),
    events: [['HoldReleased', 'debit']],
    refused: ['ReleaseFailed'],
  },
  expire: {
    ...ofHold,
    initiator: 'none',
    extra: ['hold', 'holdLeft'],
    content: (of) => ({ ...sidesOf(of), amount: null, ...holdOf(of) }),
    events: [['HoldExpired', 'debit']],
  },
  reversal: {
    ...step,
    initiator: 'original',
    stops: { debit: ['closed'], credit: ['closed'] },
    extra: ['askedAmount', 'details', 'effectiveAtUs', 'reverses', 'reversed'],
    content: (of) => ({ debit: null, credit: null, ...amountOf(of), ...effectiveOf(of), reverses: of.row.reverses ?? 0, ...of.decided }),
    events: [
      ['OperationReversed', 'scope'],
      ['ReversalDebited', 'debit', 'wallet'],
      ['ReversalCredited', 'credit', 'wallet'],
    ],
    refused: ['ReversalFailed'],
  },
  freeze: { ...control, events: [['WalletFrozen', 'debit']], refused: ['FreezeFailed'] },
  unfreeze: { ...control, events: [['WalletUnfrozen', 'debit']], refused: ['UnfreezeFailed'] },
  close: {
    ...control,
    sides: 'either',
    stops: { debit: [], credit: shut },
    events: [
      ['WalletClosed', 'debit'],
      ['SweepCredited', 'credit', 'wallet'],
    ],
    refused: ['CloseFailed'],
  },
  limit: { ...control, events: [['WalletLimitsChanged', 'debit']], refused: ['LimitChangeFailed'] },
  credit_line: { ...control, events: [['CreditLineChanged', 'debit']], refused: ['CreditLineChangeFailed'] },
};

const byName: ReadonlyMap<string, Kind> = new Map(Object.entries(kinds));

/** Undefined for an opening, which is checked separately, and for a kind that does not exist. */
export function kindOf({ kind }: { readonly kind: string }): Kind | undefined {
  return byName.get(kind);
}
