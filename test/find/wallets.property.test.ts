// Found wallets are those of the log that a filter names, in order, compared with a model that reads each wallet's newest entry.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WalletFilter } from '../../packages/coffer/src/find/index.ts';
import { bothWays, owners, startFoundLog, wallets } from '../support/find.ts';
import type { FoundLog } from '../support/find.ts';
import { seedOf } from '../support/seed.ts';

type Row = { id: string; book: number; number: number; owner: string | null; asset: number; balance: bigint; at: Date; state: string };

let log: FoundLog;
let rows: Row[];
beforeAll(async () => {
  log = await startFoundLog(seedOf('found wallets'));
  // Several steps, so that rows are written anew.
  for (let step = 0; step < 4; step++) {
    await log.post(150);
    await log.project();
  }
  ({ rows } = await log.pool.query<Row>(`
    select b.id, b.book, b.number, b.owner, b.asset, b.balance, b.recorded_at as at,
      case when 'closed' in (b.controls ->> 'debits', b.controls ->> 'credits') then 'closed'
        when 'frozen' in (b.controls ->> 'debits', b.controls ->> 'credits') then 'frozen' else 'active' end as state
    from ledger.balance b where b.kind = 'wallet'`));
});
afterAll(() => log.stop());

const compare = (one: bigint | number, other: bigint | number) => (one < other ? -1 : one > other ? 1 : 0);

function inOrder(found: readonly Row[], { sort }: WalletFilter, order: 'asc' | 'desc'): string[] {
  const value = ({ balance, at }: Row) => (sort === 'balance' ? balance : at.getTime());
  const sorted = found.toSorted((one, other) => compare(value(one), value(other)) || one.book - other.book || one.number - other.number);
  return (order === 'desc' ? sorted.toReversed() : sorted).map(({ id }) => id);
}

const conditions = fc.record(
  {
    owner: fc.constantFrom(...owners),
    asset: fc.constantFrom(1, 4, 2),
    state: fc.constantFrom('active', 'frozen', 'closed'),
    flagged: fc.subarray([...wallets, 'nobody']).map((named) => ({ by: named.join(' '), wallets: named })),
    balanceMin: fc.bigInt(0n, 5_000n),
    balanceMax: fc.bigInt(0n, 10n ** 30n),
  },
  { requiredKeys: [] },
);

test('each filter alone and with others finds what the log has, in the order asked for, in both directions', async () => {
  const sorts = fc.constantFrom('activity', 'balance');
  const readers = fc.option(fc.constantFrom(...owners), { nil: undefined, freq: 2 });
  await fc.assert(
    fc.asyncProperty(conditions, sorts, readers, fc.constantFrom('asc', 'desc'), async (given, sort, onlyOwner, order) => {
      const filter: WalletFilter = { ...given, sort };
      const meant = rows.filter(
        (row) =>
          [onlyOwner, filter.owner].every((owner) => owner === undefined || owner === row.owner) &&
          (filter.asset ?? row.asset) === row.asset &&
          (filter.state ?? row.state) === row.state &&
          (filter.flagged?.wallets.includes(row.id) ?? true) &&
          row.balance >= (filter.balanceMin ?? row.balance) &&
          row.balance <= (filter.balanceMax ?? row.balance),
      );
      const { there, back, count } = await bothWays(
        async (cursor) => await log.find.wallets(filter, { onlyOwner }, { limit: 3, cursor, order, count: true }),
        (id) => id,
      );
      expect(there.flat()).toEqual(inOrder(meant, filter, order));
      expect(back).toEqual(there.slice(0, -1));
      expect(count).toEqual({ value: meant.length, exact: true });
    }),
    { numRuns: 150 },
  );
}, 300_000);
