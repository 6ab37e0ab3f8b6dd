/** How many rows a query has, without reading many. */
import type pg from 'pg';

/** `exact`: counted; otherwise what the planner expects. */
export type Estimate = { readonly value: number; readonly exact: boolean };

export const countedMax = 10_000;

/** `rows`: a table and its conditions, from `from` on. */
export async function estimateRows(pool: Pick<pg.Pool, 'query'>, rows: string, values: readonly unknown[]): Promise<Estimate> {
  const counted = await pool.query<{ count: number }>(`select count(*) as count from (select ${rows} limit ${countedMax}) counted`, [
    ...values,
  ]);
  const count = counted.rows[0]?.count ?? 0;
  if (count < countedMax) return { value: count, exact: true };
  const plan = await pool.query<{ 'QUERY PLAN': readonly [{ readonly Plan: { readonly 'Plan Rows': number } }] }>(
    `explain (format json) select ${rows}`,
    [...values],
  );
  return { value: Math.max(countedMax, plan.rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0), exact: false };
}
