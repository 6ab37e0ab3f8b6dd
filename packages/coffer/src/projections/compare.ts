/** Compares two generations of a projection row by row. */
import type pg from 'pg';
import type { Projection } from './projection.ts';

/** Rows that differ between the two, and one of them. */
export type Difference = { readonly table: string; readonly rows: number; readonly first: string };

/**
 * `built` comes from the log alone, so it is right where they differ. Both must have the same marks, and keep them during the
 * comparison.
 */
export async function compareGenerations(
  client: pg.ClientBase,
  { tables = [] }: Projection,
  active: number,
  built: number,
): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const table of tables) {
    // Table names are ours; no caller's text gets here.
    const rowsOf = (generation: string) =>
      `select to_jsonb(t) - 'generation' as content from ${table} t where t.generation = ${generation}`;
    const { rows } = await client.query<{ count: number; first: string | null }>(
      `select count(*), min(what || content) as first from (
         select 'in force only: ' as what, content::text from (${rowsOf('$1')} except all ${rowsOf('$2')}) extra
         union all
         select 'by the log: ', content::text from (${rowsOf('$2')} except all ${rowsOf('$1')}) missing
       ) different`,
      [active, built],
    );
    const [found] = rows;
    if (found && found.count > 0) differences.push({ table, rows: found.count, first: found.first ?? '' });
  }
  return differences;
}
