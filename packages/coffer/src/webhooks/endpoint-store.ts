/** The SQL of endpoints. */
import type pg from 'pg';
import type { Endpoint, EndpointChanges, EndpointStatus, EventFilter, NewEndpoint } from './types.ts';

type EndpointRow = {
  id: string;
  url: string;
  description: string;
  types: string[];
  wallet: string | null;
  owner: string | null;
  status: EndpointStatus;
  disabled_why: string | null;
  previous_expires_at: Date | null;
  failing_since: Date | null;
  created_by: string;
  created_at: Date;
  updated_at: Date;
};

const columns = `id, url, description, types, wallet, owner, status, disabled_why,
  case when previous_expires_at > clock_timestamp() then previous_expires_at end as previous_expires_at,
  failing_since, created_by, created_at, updated_at`;

function endpointFromRow(row: EndpointRow): Endpoint {
  const { id, url, description, types, wallet, owner, status } = row;
  return {
    id,
    url,
    description,
    types,
    wallet,
    owner,
    status,
    disabledWhy: row.disabled_why,
    previousExpiresAt: row.previous_expires_at,
    failingSince: row.failing_since,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Null if the maximum number is reached. */
export async function insertEndpoint(
  client: pg.ClientBase | pg.Pool,
  made: NewEndpoint & { readonly id: string; readonly secret: string; readonly begins: readonly number[] },
  endpointsMax: number,
): Promise<Endpoint | null> {
  const { rows } = await client.query<EndpointRow>(
    `insert into webhooks.endpoint (id, url, description, types, wallet, owner, created_by, secret, begins)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9 where (select count(*) from webhooks.endpoint) < $10 returning ${columns}`,
    [made.id, made.url, made.description, made.types, made.wallet, made.owner, made.createdBy, made.secret, made.begins, endpointsMax],
  );
  return rows[0] ? endpointFromRow(rows[0]) : null;
}

export async function findEndpoint(client: pg.ClientBase | pg.Pool, id: string): Promise<Endpoint | null> {
  const { rows } = await client.query<EndpointRow>(`select ${columns} from webhooks.endpoint where id = $1`, [id]);
  return rows[0] ? endpointFromRow(rows[0]) : null;
}

/** Newest first: ids are ordered by time. */
export async function listEndpoints(pool: pg.Pool, limit: number, before: string | undefined): Promise<Endpoint[]> {
  const { rows } = await pool.query<EndpointRow>(
    `select ${columns} from webhooks.endpoint where $1::uuid is null or id < $1 order by id desc limit $2`,
    [before, limit],
  );
  return rows.map(endpointFromRow);
}

/** Absent fields stay unchanged. Enabling an endpoint clears its failures. */
export async function updateEndpoint(client: pg.ClientBase | pg.Pool, id: string, changes: EndpointChanges): Promise<Endpoint | null> {
  const { rows } = await client.query<EndpointRow>(
    `update webhooks.endpoint set url = coalesce($2, url), description = coalesce($3, description), types = coalesce($4, types),
       wallet = case when $5 then $6 else wallet end, owner = case when $7 then $8 else owner end, status = coalesce($9, status),
       disabled_why = case coalesce($9, status) when 'enabled' then null else coalesce(disabled_why, 'it was switched off') end,
       failing_since = case when $9 = 'enabled' and status = 'disabled' then null else failing_since end,
       updated_at = clock_timestamp()
     where id = $1 returning ${columns}`,
    [
      id,
      changes.url,
      changes.description,
      changes.types,
      changes.wallet !== undefined,
      changes.wallet,
      changes.owner !== undefined,
      changes.owner,
      changes.status,
    ],
  );
  return rows[0] ? endpointFromRow(rows[0]) : null;
}

export async function deleteEndpoint(client: pg.ClientBase | pg.Pool, id: string): Promise<Endpoint | null> {
  const { rows } = await client.query<EndpointRow>(`delete from webhooks.endpoint where id = $1 returning ${columns}`, [id]);
  return rows[0] ? endpointFromRow(rows[0]) : null;
}

/** The previous secret also signs for a while; an older one no longer does. */
export async function replaceSecret(
  client: pg.ClientBase | pg.Pool,
  id: string,
  secret: string,
  overlapMs: number,
): Promise<Endpoint | null> {
  const { rows } = await client.query<EndpointRow>(
    `update webhooks.endpoint set secret = $2, previous_secret = secret,
       previous_expires_at = clock_timestamp() + make_interval(secs => $3), updated_at = clock_timestamp()
     where id = $1 returning ${columns}`,
    [id, secret, overlapMs / 1_000],
  );
  return rows[0] ? endpointFromRow(rows[0]) : null;
}

/** An endpoint as the projection needs it. */
export type Listener = EventFilter & { readonly id: string; readonly begins: readonly number[] };

export async function enabledListeners(client: pg.ClientBase): Promise<Listener[]> {
  const { rows } = await client.query<Listener>({
    name: 'webhook listeners',
    // As text, which every connection parses alike.
    text: `select id, types, wallet, owner, begins::text[]::float8[] as begins from webhooks.endpoint where status = 'enabled'`,
  });
  return rows;
}
