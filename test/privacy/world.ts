/** What the tests of encrypted metadata share: keys, the search of a whole database, and texts that must not be found in it. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { DataKeys, openVault } from '../../packages/coffer/src/metadata/index.ts';
import type { MetadataVault } from '../../packages/coffer/src/metadata/index.ts';

export const dataKey = randomBytes(32);

export type VaultChanges = {
  readonly encrypts?: boolean;
  readonly secret?: Buffer;
  readonly previous?: Buffer;
  readonly nowMs?: () => number;
};

/** As a process opens it. */
export function vaultOn(pool: pg.Pool, { encrypts = true, secret = dataKey, previous, nowMs }: VaultChanges = {}): MetadataVault {
  return openVault(new DataKeys({ pool, secret, previous, ...(nowMs && { nowMs }) }), { encrypts });
}

/** All rows of all tables that contain a text, also as bytes, as `table: row`. */
export async function rowsWith(pool: pg.Pool, text: string): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema$)'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `select t::text as row from ${name} t where t::text ilike $1 or t::text ilike $2 or t::text ilike $3`,
      [`%${text}%`, `%${Buffer.from(text).toString('hex')}%`, `%${Buffer.from(text).toString('base64').slice(0, -4)}%`],
    );
    found.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  return found;
}
