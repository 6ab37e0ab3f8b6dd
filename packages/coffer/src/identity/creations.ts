/** Users made under an idempotency key: the same key with the same content makes one user. Keys belong to their caller. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Queries } from './queries.ts';

export type Creation = { readonly actor: string; readonly key: string; readonly digest: Buffer };

/** `wasRolledBack`: the wallet could not be opened, so there is no user. */
type Earlier = { readonly userId: string; readonly isSame: boolean; readonly wasRolledBack: boolean };

export function creationOf(actor: string, key: string, { email, name }: { readonly email: string; readonly name: string }): Creation {
  return {
    actor,
    key,
    digest: createHash('sha256')
      .update(JSON.stringify([email, name]))
      .digest(),
  };
}

export async function findCreation(queries: Queries, { actor, key, digest }: Creation): Promise<Earlier | null> {
  const rows = await queries.read<Earlier>({
    name: 'creation_find',
    text: `
      select c.user_id as "userId", c.digest = $3 as "isSame", u.status = 'rolled_back' as "wasRolledBack"
      from identity.creation c join identity.users u on u.id = c.user_id where c.actor = $1 and c.key = $2`,
    values: [actor, key, digest],
  });
  return rows[0] ?? null;
}

/** In the transaction that adds the user. Throws CreationTaken if another call has used the key meanwhile. */
export async function keepCreation(client: pg.ClientBase, { actor, key, digest }: Creation, userId: string): Promise<void> {
  const { rowCount } = await client.query({
    name: 'creation_keep',
    text: `
      insert into identity.creation as c (actor, key, digest, user_id) values ($1, $2, $3, $4)
      on conflict (actor, key) do update set user_id = excluded.user_id
      where c.digest = excluded.digest and (select u.status from identity.users u where u.id = c.user_id) = 'rolled_back'`,
    values: [actor, key, digest, userId],
  });
  if (rowCount === 0) throw new CreationTaken();
}

/** Rolls the transaction back. */
export class CreationTaken extends Error {
  override readonly name = 'CreationTaken';
}
