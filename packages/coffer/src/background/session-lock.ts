import type pg from 'pg';

/**
 * Tries to take a session-level advisory lock without waiting; true when taken. The session holds it until the connection ends, so a
 * process that dies releases it. `name` distinguishes the locks of a class.
 */
export async function trySessionLock(client: pg.ClientBase, lock: number, name?: string): Promise<boolean> {
  const { rows } =
    name === undefined
      ? await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::bigint) as taken', [lock])
      : await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::integer, hashtext($2)) as taken', [lock, name]);
  return rows[0]?.taken ?? false;
}
