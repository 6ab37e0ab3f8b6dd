/** Sums the events of wallets. */
import { assert } from '../../kernel/index.ts';
import { isAccountId } from '../../ledger/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import { countedBy, statsRuleOf } from '../../wallets/index.ts';
import type { AmountName } from '../../wallets/index.ts';

export type Sums = {
  readonly wallet: string;
  readonly amounts: Map<AmountName, bigint>;
  postings: number;
  version: number;
  lastActivityAt: Date | null;
  lastSeq: number;
};

/** Ordered by wallet id, so that two concurrent writers cannot deadlock. */
export function addUp(events: readonly LedgerEvent[]): Sums[] {
  const byWallet = new Map<string, Sums>();
  for (const { id, type, wallet, seq, recordedAt, data } of events) {
    const rule = statsRuleOf(type);
    if (!rule || isAccountId(wallet)) continue;
    const { version, amount } = data;
    assert(typeof version === 'number', `event ${id} must have its wallet's version`);
    const sums: Sums = byWallet.get(wallet) ?? { wallet, amounts: new Map(), postings: 0, version: 0, lastActivityAt: null, lastSeq: 0 };
    byWallet.set(wallet, sums);
    sums.version = Math.max(sums.version, version);
    if (rule.amount !== undefined && amount !== undefined) {
      assert(typeof amount === 'string', `event ${id} must have an amount in digits`);
      sums.amounts.set(rule.amount, (sums.amounts.get(rule.amount) ?? 0n) + countedBy(rule, BigInt(amount)));
      sums.postings++;
    }
    if (!rule.isActivity) continue;
    sums.lastActivityAt = recordedAt;
    sums.lastSeq = seq;
  }
  return [...byWallet.values()].toSorted(({ wallet: one }, { wallet: other }) => (one < other ? -1 : 1));
}
