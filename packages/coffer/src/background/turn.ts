import type pg from 'pg';

/**
 * Takes an advisory lock for the session, without waiting; true when it is taken now. It is this session's until the connection ends,
 * however that happens, so a process that dies gives it back. `name` tells the locks of a class apart.
 */
export async function takeTurn(client: pg.ClientBase, lock: number, name?: string): Promise<boolean> {
  const { rows } =
    name === undefined
      ? await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::bigint) as taken', [lock])
      : await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::integer, hashtext($2)) as taken', [lock, name]);
  return rows[0]?.taken ?? false;
}
