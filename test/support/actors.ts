/** Every entry that a caller caused names its actor. */
import type pg from 'pg';

/** Entries without an actor, except those under internal keys that a test posted itself. */
export async function entriesWithoutActor(pool: pg.Pool): Promise<readonly { kind: string; key: string | null }[]> {
  const { rows } = await pool.query<{ kind: string; key: string | null }>(
    `select e.kind, e.key from ledger.entry e join ledger.entry o on o.book = e.book and o.seq = e.operation
     where e.actor is null and (o.key is null or o.key not like chr(1) || '%') order by e.book, e.seq`,
  );
  return rows;
}
