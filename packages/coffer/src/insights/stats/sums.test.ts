import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KindTotal, LedgerEvent } from '../../ledger/index.ts';
import { amountNames } from '../../wallets/index.ts';
import { nothingStored, statsRules, withNewer } from '../../wallets/stats.ts';
import { amountColumns } from './columns.ts';
import { addUp } from './sums.ts';

/**
 * Sides of entries of one wallet: the rule that applies to each, and the amount moved; null: none, as when an empty wallet is
 * closed.
 */
const history = fc.array(
  fc.record({
    rule: fc.constantFrom(...statsRules),
    amount: fc.option(fc.bigInt({ min: 1n, max: 10n ** 20n })),
  }),
);

type Step = { readonly rule: (typeof statsRules)[number]; readonly amount: bigint | null };

/** Where the rule counts no postings, no money moves; in every other entry but a closing, some does. */
function movedBy({ rule, amount }: Step): bigint | null {
  if (rule.amount === undefined) return null;
  return rule.event === 'WalletClosed' ? amount : (amount ?? 1n);
}

const timeOf = (at: number) => new Date(1_790_000_000_000 + at);

function eventsOf(steps: readonly Step[]): LedgerEvent[] {
  return steps.map((step, at) => {
    const moved = movedBy(step);
    const data = { version: at + 1, ...(moved !== null && { amount: String(moved) }) };
    return { id: `1-${at + 1}-1`, book: 1, seq: at + 1, part: 1, type: step.rule.event, wallet: 'w', recordedAt: timeOf(at), data };
  });
}

/** How the log's entries are summed, by kind and side. */
function totalsOf(steps: readonly Step[], earlier = 0): KindTotal[] {
  const totals = new Map<string, KindTotal>();
  for (const [place, step] of steps.entries()) {
    const at = earlier + place;
    const { kind, side } = step.rule;
    const moved = movedBy(step);
    const before = totals.get(`${kind} ${side}`) ?? { kind, side, count: 0, total: 0n, lastAt: timeOf(at) };
    totals.set(`${kind} ${side}`, {
      kind,
      side,
      count: before.count + (moved === null ? 0 : 1),
      total: before.total + (moved ?? 0n),
      lastAt: timeOf(at),
    });
  }
  return [...totals.values()];
}

test('events and entries of the same history add up to the same stats, wherever one ends and the other begins', () => {
  fc.assert(
    fc.property(history, fc.nat(), (steps, cut) => {
      const kept = steps.slice(0, cut % (steps.length + 1));
      const newer = steps.slice(kept.length);
      const [sums] = addUp(eventsOf(kept));
      const amounts = Object.fromEntries(sums?.amounts ?? []);
      const { postings = 0, version = 0, lastActivityAt = null } = sums ?? {};
      const stats = withNewer({ ...nothingStored, ...amounts, postings, version, lastActivityAt }, totalsOf(newer, kept.length));
      expect(stats).toEqual(withNewer(nothingStored, totalsOf(steps)));
    }),
  );
});

test('an event has one meaning, whichever entry it comes from', () => {
  for (const [event, rules] of Map.groupBy(statsRules, (rule) => rule.event)) {
    const meanings = new Set(rules.map(({ amount, takesBack, isActivity }) => JSON.stringify([amount, takesBack, isActivity])));
    expect([event, meanings.size]).toEqual([event, 1]);
  }
});

test('every figure has a column', () => {
  expect(Object.keys(amountColumns)).toEqual([...amountNames]);
  expect([amountColumns.deposited, amountColumns.transferredIn, amountColumns.toppedUp]).toEqual([
    'deposited',
    'transferred_in',
    'topped_up',
  ]);
});
