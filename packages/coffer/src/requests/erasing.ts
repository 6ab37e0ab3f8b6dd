import type pg from 'pg';

/** Removes the metadata of an owner's finished requests. */
export async function eraseRequestMetadata(client: pg.ClientBase, owner: string): Promise<void> {
  await client.query(
    `update requests.request set content = (content::jsonb - 'metadata')::text
     where owner = $1 and finished_at is not null and content::jsonb ? 'metadata'`,
    [owner],
  );
}
