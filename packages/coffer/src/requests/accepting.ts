/** Accepts a request: one row, however often it is sent. */
import type pg from 'pg';
import { newId } from '../kernel/index.ts';
import { isInKeyspace, keyspaceOf, storedKey } from '../ledger/index.ts';
import { isSameMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { digestOf, isSameAsset } from './digest.ts';
import { requestColumns, requestFromRow } from './rows.ts';
import type { RequestRow } from './rows.ts';
import type { AsyncRequest, Content, RequestType } from './types.ts';

/** Maximum number of unfinished requests per wallet; further ones are refused. */
export const openRequestsMax = 1_000;

/** `wallet` exists, and the caller may access it; `owner` is its owner. */
export type NewRequest = {
  readonly type: RequestType;
  readonly wallet: string;
  readonly owner: string | null;
  /** The wallet's asset. */
  readonly asset: number;
  readonly key: string;
  readonly content: Content;
  /** Who makes it. */
  readonly actor: string | null;
  /** The second person, where it needed one. */
  readonly approver: string | null;
};

/** `isOnRecord`: whether the ledger already has the key. */
export type KeyRecord = { readonly isOnRecord: () => Promise<boolean> };

export type Accepted =
  | { readonly kind: 'accepted'; readonly request: AsyncRequest; readonly replayed: boolean }
  /** The key was used for a request with other content. */
  | { readonly kind: 'key_reused' }
  /** There is no request, but the ledger has an entry under the key: a synchronous request gave the answer. */
  | { readonly kind: 'on_record' }
  | { readonly kind: 'too_many_open' };

const insertText = `
  insert into requests.request as r (id, type, wallet, owner, key, content, digest, actor, approver, status, next_try_at, created_at, updated_at)
  select $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $11::text, 'accepted', now, now, now
  from (select clock_timestamp() as now) clock
  where (select count(*) from (select from requests.request where wallet = $3 and finished_at is null limit ${openRequestsMax}) as open)
    < ${openRequestsMax}
    and not exists (select from requests.request o where o.wallet = $3 and o.key = $9 and (o.actor is null or o.actor like $10))
  on conflict (wallet, key) do nothing
  returning ${requestColumns}`;

/** Entries recorded between the check and the insertion are handled by the worker. */
export async function insertRequest(pool: pg.Pool, input: NewRequest, { isOnRecord }: KeyRecord, vault: MetadataVault): Promise<Accepted> {
  const { type, wallet, owner, key, content, actor, approver } = input;
  if (await isOnRecord()) return (await acceptedBefore(pool, input, vault)) ?? { kind: 'on_record' };
  const keyspace = keyspaceOf(actor);
  const stored = storedKey(key, keyspace);
  // A request that is older than keyspaces has its key without one: only those of users and of anonymous callers have another name now.
  const older = stored === key ? [null, ''] : [key, keyspace === 'user' ? 'user:%' : 'anonymous'];
  const values = [newId(), type, wallet, owner, stored, JSON.stringify(content), digestOf(type, content), actor, ...older, approver];
  const inserted = await pool.query<RequestRow>({ name: 'requests_insert', text: insertText, values });
  if (inserted.rows[0]) return { kind: 'accepted', request: requestFromRow(inserted.rows[0]), replayed: false };
  return (await acceptedBefore(pool, input, vault)) ?? { kind: 'too_many_open' };
}

/** The request under the same key: replayed if it has the same content, otherwise key_reused; null if there is none. */
export async function acceptedBefore(
  pool: pg.Pool,
  { type, wallet, key, content, asset, actor }: NewRequest,
  vault: MetadataVault,
): Promise<Accepted | null> {
  const keyspace = keyspaceOf(actor);
  const stored = storedKey(key, keyspace);
  const found = await pool.query<RequestRow & { digest: string }>({
    name: 'requests_by_key',
    text: `select ${requestColumns}, r.digest from requests.request r where r.wallet = $1 and r.key in ($2, $3)`,
    values: [wallet, stored, key],
  });
  // Its own, or one that is older than keyspaces.
  const isOwn = (one: RequestRow) => one.key === stored || isInKeyspace(one, keyspace);
  const row = found.rows.find((one) => one.key === stored) ?? found.rows.find(isOwn);
  if (!row) return null;
  const before = requestFromRow(row);
  if (!isInKeyspace(row, keyspace)) return { kind: 'key_reused' };
  const now = await asStored(before.content, content, vault);
  if (row.digest !== digestOf(type, now) || !isSameAsset(before.content, content, asset)) return { kind: 'key_reused' };
  return { kind: 'accepted', request: before, replayed: true };
}

/** With the metadata in its stored form, if it says the same: it may have been stored before metadata was encrypted. */
async function asStored({ metadata: stored }: Content, content: Content, vault: MetadataVault): Promise<Content> {
  const { metadata: given } = content;
  if (stored === undefined || given === undefined || stored === given) return content;
  return (await isSameMetadata(vault, stored, given)) ? { ...content, metadata: stored } : content;
}
