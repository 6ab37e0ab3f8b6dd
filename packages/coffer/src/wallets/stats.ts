/** What a wallet did since its opening: what is kept beside the log up to some version of it, and from the log what came after. */
import type { EntryKind, KindTotal } from '../ledger/index.ts';

/** In minor units of the wallet's asset. */
export type WalletTotals = {
  readonly deposited: bigint;
  readonly withdrawn: bigint;
  readonly toppedUp: bigint;
  readonly spent: bigint;
  readonly issued: bigint;
  readonly transferredIn: bigint;
  readonly transferredOut: bigint;
  readonly capturedIn: bigint;
  readonly capturedOut: bigint;
  readonly reversedIn: bigint;
  readonly reversedOut: bigint;
  readonly sweptIn: bigint;
  readonly sweptOut: bigint;
  /** How often money moved. */
  readonly postings: number;
  readonly lastActivityAt: Date | null;
};

/** `version`: the wallet's after the newest entry that is counted in. */
export type KeptTotals = WalletTotals & { readonly version: number };

/** Where totals are kept. Null: nothing of the wallet is. */
export type TotalsKeeper = { find(book: number, wallet: string): Promise<KeptTotals | null> };

/** Which total a kind of entry counts into, on either side. Others move no money of the wallet. */
const counted: readonly (readonly [keyof Omit<WalletTotals, 'postings' | 'lastActivityAt'>, EntryKind, 'debit' | 'credit'])[] = [
  ['deposited', 'deposit', 'credit'],
  ['withdrawn', 'withdrawal', 'debit'],
  ['toppedUp', 'topup', 'credit'],
  ['spent', 'spend', 'debit'],
  ['issued', 'issue', 'credit'],
  ['transferredIn', 'transfer', 'credit'],
  ['transferredOut', 'transfer', 'debit'],
  ['transferredIn', 'transfer_credit', 'credit'],
  ['transferredOut', 'transfer_debit', 'debit'],
  ['capturedIn', 'capture', 'credit'],
  ['capturedOut', 'capture', 'debit'],
  ['reversedIn', 'reversal', 'credit'],
  ['reversedOut', 'reversal', 'debit'],
  ['sweptIn', 'close', 'credit'],
  ['sweptOut', 'close', 'debit'],
];

/** What operators and the clock did is no activity of the wallet's. */
const quietKinds: ReadonlySet<EntryKind> = new Set<EntryKind>(['freeze', 'unfreeze', 'close', 'limit', 'credit_line', 'expire']);

export const nothingKept: KeptTotals = {
  deposited: 0n,
  withdrawn: 0n,
  toppedUp: 0n,
  spent: 0n,
  issued: 0n,
  transferredIn: 0n,
  transferredOut: 0n,
  capturedIn: 0n,
  capturedOut: 0n,
  reversedIn: 0n,
  reversedOut: 0n,
  sweptIn: 0n,
  sweptOut: 0n,
  postings: 0,
  lastActivityAt: null,
  version: 0,
};

/** What is kept, and what the log has after it. */
export function withNewer({ version: _version, ...kept }: KeptTotals, newer: readonly KindTotal[]): WalletTotals {
  const totals: { -readonly [name in keyof WalletTotals]: WalletTotals[name] } = { ...kept };
  for (const [name, kind, side] of counted) for (const row of newer) if (row.kind === kind && row.side === side) totals[name] += row.total;
  for (const { kind, count, lastAt, total } of newer) {
    // What came back has not been transferred.
    if (kind === 'transfer_return') totals.transferredOut -= total;
    totals.postings += count;
    if (!quietKinds.has(kind) && !(totals.lastActivityAt && totals.lastActivityAt > lastAt)) totals.lastActivityAt = lastAt;
  }
  return totals;
}
