import { hash } from 'node:crypto';
import type pg from 'pg';

/** Identifies the data of a database: a copy and an emptied database have different identities. For data stored about it elsewhere. */
export async function identityOf(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ words: string }>(`
    select concat_ws(' ', d.oid, d.datname, (select min(applied_at) from coffer_migration.applied)) as words
    from pg_database d where d.datname = current_database()`);
  return hash('sha256', rows[0]?.words ?? '', 'hex').slice(0, 16);
}
