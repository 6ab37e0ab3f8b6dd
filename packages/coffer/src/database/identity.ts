import { hash } from 'node:crypto';
import type pg from 'pg';

/** A word for the data of a database: a copy elsewhere and an emptied one have another. For what is kept about it outside. */
export async function identityOf(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ words: string }>(`
    select concat_ws(' ', d.oid, d.datname, (select min(applied_at) from coffer_migration.applied)) as words
    from pg_database d where d.datname = current_database()`);
  return hash('sha256', rows[0]?.words ?? '', 'hex').slice(0, 16);
}
