/** Persons behind actors, for decisions that need two of them: logins and API keys of one person are one person. */
import type pg from 'pg';

/**
 * The person behind each actor, in order: the id of a user; for an API key the user who created it, or who created the key that created it.
 * A key made at the command line stands for itself, and so does any other actor. Null: no person is known (no actor, or no credentials).
 */
export async function personsBehind(
  database: Pick<pg.ClientBase, 'query'>,
  actors: readonly (string | null)[],
): Promise<(string | null)[]> {
  const keys = [...new Set(actors.flatMap((actor) => (actor?.startsWith('key:') === true ? [actor] : [])))];
  const creators = keys.length === 0 ? new Map<string, string>() : await creatorsOf(database, keys);
  return actors.map((actor) => (actor === null ? null : personOf(creators.get(actor) ?? actor)));
}

/** The first key of each chain of keys, or the user who created it. */
async function creatorsOf(database: Pick<pg.ClientBase, 'query'>, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.query<{ key: string; creator: string }>(
    `with recursive chain as (
       select 'key:' || id as key, 'key:' || id as creator, created_by, 0 as depth from identity.api_key where 'key:' || id = any ($1)
       union all
       select chain.key, 'key:' || k.id, k.created_by, depth + 1 from identity.api_key k join chain on chain.created_by = 'key:' || k.id
     )
     select distinct on (key) key, case when created_by ~ '^(user|operator):' then created_by else creator end as creator
     from chain order by key, depth desc`,
    [keys],
  );
  return new Map(rows.map(({ key, creator }) => [key, creator]));
}

function personOf(actor: string): string | null {
  if (actor === 'anonymous') return null;
  return actor.replace(/^(user|operator):/, '');
}
