/** Deletes unused generations, in parts, so that no transaction is long. */
import type pg from 'pg';
import { inTransaction } from '../database/index.ts';
import type { Projection } from './projection.ts';

/** Every generation but the active one. Call it with the rebuild lock: an unfinished build is unused, too. */
export async function forgetLeftovers(pool: pg.Pool, projection: Projection): Promise<void> {
  await pool.query('update projections.projection set building_generation = null where name = $1 and building_generation is not null', [
    projection.name,
  ]);
  const { rows } = await pool.query<{ generation: number }>(
    `select distinct g.generation from projections.progress g join projections.projection p on p.name = g.projection
     where p.name = $1 and g.generation <> p.active_generation`,
    [projection.name],
  );
  for (const { generation } of rows) {
    while (await forgetPart(pool, projection, generation));
    // The marks are deleted last: while they exist, rows may be left.
    await pool.query('delete from projections.set_aside where projection = $1 and generation = $2', [projection.name, generation]);
    await pool.query('delete from projections.progress where projection = $1 and generation = $2', [projection.name, generation]);
  }
}

async function forgetPart(pool: pg.Pool, projection: Projection, generation: number): Promise<boolean> {
  return await inTransaction(pool, async (client) => (await projection.forget?.(client, generation)) ?? false);
}
