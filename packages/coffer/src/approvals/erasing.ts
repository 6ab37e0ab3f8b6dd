/** Removes what callers noted with operations on a user's wallets that waited for a second person. */
import type pg from 'pg';

export async function eraseApprovalMetadata(client: pg.ClientBase, owner: string): Promise<void> {
  await client.query(
    `update approvals.request r set input = (r.input::jsonb - 'metadata')::text
     where r.state not in ('pending', 'approved') and r.input::jsonb ? 'metadata'
       and exists (select from unnest(r.wallets) wallet where split_part(wallet, '.', 1) = $1)`,
    [owner],
  );
}
