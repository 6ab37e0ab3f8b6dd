/** The SQL for reading and replaying deliveries. Sending is in sending-store.ts. */
import type pg from 'pg';
import { textColumn } from '../database/index.ts';
import type { Attempt, DeliveryRead, DeliveryStatus } from './types.ts';

export type NewDelivery = {
  readonly endpoint: string;
  readonly message: string;
  readonly type: string;
  readonly wallet: string;
  readonly body: string;
};

const bodyColumns = ['endpoint', 'message', 'type', 'wallet', 'body'] as const;

/** An existing one stays unchanged. */
export async function insertDeliveries(client: pg.ClientBase, deliveries: readonly NewDelivery[]): Promise<void> {
  await client.query({
    name: 'insert webhook deliveries',
    text: `insert into webhooks.delivery (endpoint, message, type, wallet, body)
      select given.endpoint::uuid, message, type, wallet, body
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as given (endpoint, message, type, wallet, body)
      -- One that was deleted a moment ago gets nothing more; one that is being deleted is waited for.
      join (select id from webhooks.endpoint where id = any ($1::text[]::uuid[]) for key share) there on there.id = given.endpoint::uuid
      on conflict (endpoint, message) do nothing`,
    values: bodyColumns.map((name) => textColumn(deliveries, (row) => row[name], true)),
  });
}

/** The newest event of a book with a delivery, at most in the entry `end`. */
export async function newestDelivered(client: pg.ClientBase, book: number, end: number): Promise<{ seq: number; part: number } | null> {
  const { rows } = await client.query<{ seq: number; part: number }>(
    `select event[2]::bigint as seq, event[3]::integer as part
     from webhooks.delivery cross join lateral regexp_match(message, '^([0-9]{1,9})-([0-9]{1,15})-([0-9]{1,5})$') as event
     where event[1]::integer = $1 and event[2]::bigint <= $2 order by 1 desc, 2 desc limit 1`,
    [book, end],
  );
  return rows[0] ?? null;
}

export async function insertTest(
  client: pg.ClientBase,
  endpoint: string,
  message: string,
  type: string,
  body: string,
): Promise<DeliveryRead | null> {
  const { rows } = await client.query<DeliveryRow>(
    `insert into webhooks.delivery as d (endpoint, message, type, body)
     select id, $2, $3, $4 from webhooks.endpoint where id = $1 for key share returning ${columns}`,
    [endpoint, message, type, body],
  );
  return rows[0] ? deliveryFromRow(rows[0]) : null;
}

type DeliveryRow = {
  id: number;
  message: string;
  type: string;
  wallet: string | null;
  status: DeliveryStatus;
  attempts: number;
  due_at: Date;
  created_at: Date;
  finished_at: Date | null;
};

const columns = 'd.id, d.message, d.type, d.wallet, d.status, d.attempts, d.due_at, d.created_at, d.finished_at';

function deliveryFromRow({ id, message, type, wallet, status, attempts, ...row }: DeliveryRow): DeliveryRead {
  const dueAt = status === 'pending' ? row.due_at : null;
  return { id, message, type, wallet, status, attempts, dueAt, createdAt: row.created_at, finishedAt: row.finished_at };
}

type DeliveriesQuery = { readonly limit: number; readonly before: number | undefined; readonly status: DeliveryStatus | undefined };

/** Newest first. */
export async function listDeliveries(pool: pg.Pool, endpoint: string, { limit, before, status }: DeliveriesQuery): Promise<DeliveryRead[]> {
  const { rows } = await pool.query<DeliveryRow>(
    `select ${columns} from webhooks.delivery d
     where endpoint = $1 and id < $2 and ($3::text is null or status = $3) order by id desc limit $4`,
    [endpoint, before ?? Number.MAX_SAFE_INTEGER, status, limit],
  );
  return rows.map(deliveryFromRow);
}

export async function findDelivery(
  pool: pg.Pool,
  endpoint: string,
  id: number,
): Promise<{ readonly delivery: DeliveryRead; readonly body: string; readonly attempts: readonly Attempt[] } | null> {
  const { rows } = await pool.query<DeliveryRow & { body: string }>(
    `select ${columns}, d.body from webhooks.delivery d where endpoint = $1 and id = $2`,
    [endpoint, id],
  );
  const [row] = rows;
  if (!row) return null;
  const attempts = await pool.query<Attempt>(
    `select number, ended_at as "endedAt", http_status as "httpStatus", elapsed_ms as "elapsedMs", answer, why
     from webhooks.attempt where delivery = $1 order by number`,
    [id],
  );
  return { delivery: deliveryFromRow(row), body: row.body, attempts: attempts.rows };
}

/** Sends it again now, with the full schedule of retries. A pending one is also sent now. */
export async function replayDelivery(client: pg.ClientBase, endpoint: string, id: number): Promise<DeliveryRead | null> {
  const { rows } = await client.query<DeliveryRow>(
    `update webhooks.delivery d set status = 'pending', finished_at = null, tries = 0, due_at = clock_timestamp(), due_since = clock_timestamp()
     where endpoint = $1 and id = $2 returning ${columns}`,
    [endpoint, id],
  );
  return rows[0] ? deliveryFromRow(rows[0]) : null;
}

/** The same for all of one status created since a time, oldest first, up to a limit; returns how many. */
export async function replaySince(
  client: pg.ClientBase,
  endpoint: string,
  since: Date,
  status: DeliveryStatus,
  most: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `update webhooks.delivery set status = 'pending', finished_at = null, tries = 0, due_at = clock_timestamp(), due_since = clock_timestamp()
     where id in (
       select id from webhooks.delivery where endpoint = $1 and created_at >= $2 and status = $3 order by id limit $4 for update)`,
    [endpoint, since, status, most],
  );
  return rowCount ?? 0;
}
