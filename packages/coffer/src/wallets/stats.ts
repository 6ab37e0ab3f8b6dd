/** What a wallet did since its opening: what is kept beside the log up to some version of it, and from the log what came after. */
import { assert } from '../kernel/index.ts';
import type { EntryKind, KindTotal } from '../ledger/index.ts';

/** The figures that add up amounts, as the API names them. */
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

/** `version`: the wallet's after the newest entry that is counted in. */
export type KeptTotals = WalletTotals & { readonly version: number };

/** Where totals are kept. Null: nothing of the wallet is. */
export type TotalsKeeper = { find(book: number, wallet: string): Promise<KeptTotals | null> };

type Side = 'debit' | 'credit';

/** What one side of an entry means for the wallet there. */
export type StatsRule = {
  /** The event that tells of this side. */
  readonly event: string;
  readonly kind: EntryKind;
  readonly side: Side;
  /** Where the amount is counted; absent where no money moves. */
  readonly amount?: AmountName;
  /** The amount is taken away from it: what came back has not been transferred. */
  readonly takesBack?: true;
  /** What operators and the clock did is no activity of the wallet's. */
  readonly isActivity: boolean;
};

const active = { isActivity: true } as const;
const quiet = { isActivity: false } as const;

/** The one rule for stats: the events of a wallet are counted by it, and so are its entries. */
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

/** Two entries may have one event, and mean the same by it. */
const byEvent: ReadonlyMap<string, StatsRule> = new Map(statsRules.map((rule) => [rule.event, rule]));
const bySide: ReadonlyMap<string, StatsRule> = new Map(statsRules.map((rule) => [`${rule.kind} ${rule.side}`, rule]));

/** What an event means for the wallet that it is about; undefined when stats have nothing of it. */
export function statsRuleOf(event: string): StatsRule | undefined {
  return byEvent.get(event);
}

/** What is added to the figure of a rule when so much has moved. */
export function countedBy({ takesBack }: StatsRule, moved: bigint): bigint {
  return takesBack ? -moved : moved;
}

export const nothingKept: KeptTotals = {
  ...(Object.fromEntries(amountNames.map((name) => [name, 0n])) as Record<AmountName, bigint>),
  postings: 0,
  lastActivityAt: null,
  version: 0,
};

/** What is kept, and what the log has after it. */
export function withNewer({ version: _version, ...kept }: KeptTotals, newer: readonly KindTotal[]): WalletTotals {
  const totals: { -readonly [name in keyof WalletTotals]: WalletTotals[name] } = { ...kept };
  for (const { kind, side, count, lastAt, total } of newer) {
    const rule = bySide.get(`${kind} ${side}`);
    assert(rule, `stats know what the ${side} of ${kind} means for a wallet`);
    if (rule.amount !== undefined) totals[rule.amount] += countedBy(rule, total);
    totals.postings += count;
    if (rule.isActivity && !(totals.lastActivityAt && totals.lastActivityAt > lastAt)) totals.lastActivityAt = lastAt;
  }
  return totals;
}
