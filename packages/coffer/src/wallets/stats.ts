/** A wallet's totals since its opening: the stored totals up to one of its versions, plus the later entries of the log. */
import { assert } from '../kernel/index.ts';
import type { EntryKind, KindTotal } from '../ledger/index.ts';

/** The totals, by their names in the API. */
export const amountNames = [
  'deposited',
  'withdrawn',
  'toppedUp',
  'spent',
  'issued',
  'transferredIn',
  'transferredOut',
  'capturedIn',
  'capturedOut',
  'reversedIn',
  'reversedOut',
  'sweptIn',
  'sweptOut',
] as const;
export type AmountName = (typeof amountNames)[number];

/** In minor units of the wallet's asset. */
export type WalletTotals = Readonly<Record<AmountName, bigint>> & {
  /** How often money moved. */
  readonly postings: number;
  readonly lastActivityAt: Date | null;
};

/** `version`: the wallet's version after the newest entry that is included. */
export type StoredTotals = WalletTotals & { readonly version: number };

/** The store of totals. Null: none for this wallet. */
export type TotalsStore = { find(book: number, wallet: string): Promise<StoredTotals | null> };

type Side = 'debit' | 'credit';

/** How one side of an entry counts for its wallet. */
export type StatsRule = {
  /** The event of this side. */
  readonly event: string;
  readonly kind: EntryKind;
  readonly side: Side;
  /** The total that the amount is added to; absent where no money moves. */
  readonly amount?: AmountName;
  /** Subtracts the amount: a returned transfer did not happen. */
  readonly takesBack?: true;
  /** Operators' and timed actions do not count as the wallet's activity. */
  readonly isActivity: boolean;
};

const active = { isActivity: true } as const;
const quiet = { isActivity: false } as const;

/** The one rule for stats: it counts the events of a wallet, and its entries. */
export const statsRules: readonly StatsRule[] = [
  { event: 'FundsDeposited', kind: 'deposit', side: 'credit', amount: 'deposited', ...active },
  { event: 'FundsToppedUp', kind: 'topup', side: 'credit', amount: 'toppedUp', ...active },
  { event: 'FundsIssued', kind: 'issue', side: 'credit', amount: 'issued', ...active },
  { event: 'FundsWithdrawn', kind: 'withdrawal', side: 'debit', amount: 'withdrawn', ...active },
  { event: 'FundsSpent', kind: 'spend', side: 'debit', amount: 'spent', ...active },
  { event: 'TransferDebited', kind: 'transfer', side: 'debit', amount: 'transferredOut', ...active },
  { event: 'TransferCredited', kind: 'transfer', side: 'credit', amount: 'transferredIn', ...active },
  { event: 'TransferDebited', kind: 'transfer_debit', side: 'debit', amount: 'transferredOut', ...active },
  { event: 'TransferCredited', kind: 'transfer_credit', side: 'credit', amount: 'transferredIn', ...active },
  { event: 'TransferCompensated', kind: 'transfer_return', side: 'credit', amount: 'transferredOut', takesBack: true, ...active },
  { event: 'HoldAuthorized', kind: 'hold', side: 'debit', ...active },
  { event: 'HoldCaptured', kind: 'capture', side: 'debit', amount: 'capturedOut', ...active },
  { event: 'CaptureCredited', kind: 'capture', side: 'credit', amount: 'capturedIn', ...active },
  { event: 'HoldReleased', kind: 'release', side: 'debit', ...active },
  { event: 'HoldExpired', kind: 'expire', side: 'debit', ...quiet },
  { event: 'ReversalDebited', kind: 'reversal', side: 'debit', amount: 'reversedOut', ...active },
  { event: 'ReversalCredited', kind: 'reversal', side: 'credit', amount: 'reversedIn', ...active },
  { event: 'WalletFrozen', kind: 'freeze', side: 'debit', ...quiet },
  { event: 'WalletUnfrozen', kind: 'unfreeze', side: 'debit', ...quiet },
  { event: 'WalletLimitsChanged', kind: 'limit', side: 'debit', ...quiet },
  { event: 'CreditLineChanged', kind: 'credit_line', side: 'debit', ...quiet },
  // Without an amount when there was nothing to sweep.
  { event: 'WalletClosed', kind: 'close', side: 'debit', amount: 'sweptOut', ...quiet },
  { event: 'SweepCredited', kind: 'close', side: 'credit', amount: 'sweptIn', ...quiet },
];

/** The totals that add to a balance; the others reduce it. */
export const incomingNames: ReadonlySet<AmountName> = new Set(
  statsRules.flatMap(({ side, amount, takesBack }) => (side === 'credit' && amount !== undefined && !takesBack ? [amount] : [])),
);

/** Two entries may have the same event, with the same meaning. */
const byEvent: ReadonlyMap<string, StatsRule> = new Map(statsRules.map((rule) => [rule.event, rule]));
const bySide: ReadonlyMap<string, StatsRule> = new Map(statsRules.map((rule) => [`${rule.kind} ${rule.side}`, rule]));

/** The rule for an event; undefined when stats do not count it. */
export function statsRuleOf(event: string): StatsRule | undefined {
  return byEvent.get(event);
}

/** The change of a rule's total when this much has moved. */
export function countedBy({ takesBack }: StatsRule, moved: bigint): bigint {
  return takesBack ? -moved : moved;
}

export const nothingStored: StoredTotals = {
  ...(Object.fromEntries(amountNames.map((name) => [name, 0n])) as Record<AmountName, bigint>),
  postings: 0,
  lastActivityAt: null,
  version: 0,
};

/** The stored totals plus the newer entries of the log. */
export function withNewer({ version: _version, ...stored }: StoredTotals, newer: readonly KindTotal[]): WalletTotals {
  const totals: { -readonly [name in keyof WalletTotals]: WalletTotals[name] } = { ...stored };
  for (const { kind, side, count, lastAt, total } of newer) {
    const rule = bySide.get(`${kind} ${side}`);
    assert(rule, `stats have a rule for the ${side} of ${kind}`);
    if (rule.amount !== undefined) totals[rule.amount] += countedBy(rule, total);
    totals.postings += count;
    if (rule.isActivity && !(totals.lastActivityAt && totals.lastActivityAt > lastAt)) totals.lastActivityAt = lastAt;
  }
  return totals;
}
