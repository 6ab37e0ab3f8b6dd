/** The two users of a fresh Coffer, for trying it. They have no e-mail and no password. */
import type pg from 'pg';

export const demoUsers = [
  { id: '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32', number: 2, name: 'Alice' },
  { id: 'b55709be-d0f6-467e-942c-cc04155ad54c', number: 3, name: 'Bob' },
] as const;

/** Adds them, active; existing or deleted ones stay unchanged. The ledger seeds their wallets. */
export async function seedDemoUsers(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into identity.users (id, number, name, status)
     select id, number, name, 'active' from unnest($1::uuid[], $2::bigint[], $3::text[]) as demo (id, number, name)
     on conflict (id) do nothing`,
    [demoUsers.map(({ id }) => id), demoUsers.map(({ number }) => number), demoUsers.map(({ name }) => name)],
  );
}

export function isDemoUser(id: string): boolean {
  return demoUsers.some((user) => user.id === id);
}
