/** Reads the stats of a wallet, from the active generation. */
import type pg from 'pg';
import { amountNames } from '../../wallets/index.ts';
import type { StoredTotals, TotalsStore } from '../../wallets/index.ts';
import { amountColumns } from './columns.ts';
import { statsName } from './projection.ts';

const text = `
  select ${amountNames.map((name) => `s.${amountColumns[name]} as "${name}"`).join(', ')}, s.postings, s.version, s.last_activity_at as "lastActivityAt"
  from projections.projection p
  join insights.wallet_stats s on s.generation = p.active_generation and s.book = $2 and s.wallet = $3
  where p.name = $1`;

export function statsKeeper(pool: pg.Pool): TotalsStore {
  return {
    find: async (book, wallet) => {
      // Not prepared: a plan from when the table was small would scan all of it later.
      const { rows } = await pool.query<StoredTotals>(text, [statsName, book, wallet]);
      return rows[0] ?? null;
    },
  };
}
