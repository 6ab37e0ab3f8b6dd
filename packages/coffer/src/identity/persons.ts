/** Persons behind actors, for decisions that need two of them: logins and API keys of one person are one person. */
import type pg from 'pg';
import type { Principal } from './principals.ts';
import { isScope } from './scopes.ts';
import type { Role } from './types.ts';

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

/**
 * The principal that an actor is now: with the role of this moment. Null: the user was deleted or suspended, the key was revoked or has
 * expired, or the actor is neither.
 */
export async function currentPrincipal(database: Pick<pg.ClientBase, 'query'>, actor: string): Promise<Principal | null> {
  const id = actor.slice(actor.indexOf(':') + 1);
  if (actor.startsWith('key:')) return await currentKey(database, id);
  if (!/^(user|operator):/.test(actor)) return null;
  const { rows } = await database.query<{ role: Role }>(
    `select role from identity.users where id::text = $1 and status = 'active' and deleted_at is null and suspended_at is null`,
    [id],
  );
  return rows[0] ? { kind: rows[0].role, userId: id, sessionId: null } : null;
}

async function currentKey(database: Pick<pg.ClientBase, 'query'>, keyId: string): Promise<Principal | null> {
  const { rows } = await database.query<{ name: string; scopes: string[] }>(
    `select name, scopes from identity.api_key where id = $1 and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`,
    [keyId],
  );
  const [key] = rows;
  return key ? { kind: 'service', keyId, name: key.name, scopes: new Set(key.scopes.filter(isScope)) } : null;
}
