/** Reads the audit, for operators. */
import type pg from 'pg';

export type AuditFilter = {
  readonly actor?: string | undefined;
  readonly wallet?: string | undefined;
  readonly operation?: { readonly book: number; readonly seq: number } | undefined;
  readonly requestId?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** The id of the last row of an earlier page. */
  readonly before?: number | undefined;
};

export type AuditRow = {
  readonly id: number;
  readonly requestId: string;
  readonly transport: string;
  readonly method: string;
  readonly url: string;
  readonly operation: string | null;
  readonly body: string | null;
  readonly headers: string;
  readonly clientIp: string | null;
  readonly actor: string;
  readonly startedAt: Date;
  readonly status: number | null;
  readonly durationMs: number;
  readonly idempotencyKey: string | null;
  readonly wallet: string | null;
  readonly operationIds: readonly string[];
};

const statement = `
  select id, request_id as "requestId", transport, method, url, operation, body, headers, client_ip as "clientIp", actor,
    started_at as "startedAt", status, duration_ms as "durationMs", idempotency_key as "idempotencyKey", wallet,
    coalesce(operation_ids, case when seq is null then '{}'::text[] else array[book || '-' || seq] end) as "operationIds"
  from audit.request`;

/** Ids are dense, so the newest rows are those of the last ids. Rare rows are found by wider and wider ranges; what fits in one is read whole. */
const firstRange = 2_000;
const rangeGrowth = 16;

/** Newest first, at most `limit` rows. There is no index in the order of ids: each statement reads a range of them. */
export async function readAudit(pool: pg.Pool, filter: AuditFilter, limit: number): Promise<AuditRow[]> {
  const { conditions, values } = conditionsOf(filter);
  const found: AuditRow[] = [];
  const read = async (begin: number, end: number) => {
    const n = values.length;
    const { rows } = await pool.query<AuditRow>(
      `${statement} where ${[...conditions, `id >= $${n + 1}`, `id < $${n + 2}`].join(' and ')} order by id desc limit $${n + 3}`,
      [...values, begin, end, limit - found.length],
    );
    found.push(...rows);
  };
  let end = Math.min(filter.before ?? Number.MAX_SAFE_INTEGER, (await lastIdOf(pool)) + 1);
  for (let range = firstRange; found.length < limit && end > 1; range *= rangeGrowth) {
    const begin = Math.max(1, end - range);
    await read(begin, end);
    end = begin;
    if (range > firstRange || found.length > 0 || !filter.until) continue;
    // A wide range would have all rows of its time before `until`. After the newest of them, there are only rows that were written late.
    const newest = await newestBefore(pool, filter.until, end);
    if (newest === null) continue;
    await read(newest + 1, end);
    end = newest + 1;
  }
  return found;
}

async function lastIdOf(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(`select id from audit.head where chain = 'request'`);
  return rows[0]?.id ?? 0;
}

/** The last id, before `end`, of the rows shortly before `until`. Ids are in the order of writing, so an older row may have a higher one. */
async function newestBefore(pool: pg.Pool, until: Date, end: number): Promise<number | null> {
  const last = Math.min(until.getTime(), Date.now());
  for (let windowMs = 1_000; windowMs < last; windowMs *= 8) {
    const { rows } = await pool.query<{ id: number | null }>(
      'select max(id) as id from audit.request where started_at >= $1 and started_at < $2 and id < $3',
      [new Date(last - windowMs), until, end],
    );
    const id = rows[0]?.id ?? null;
    if (id !== null) return id;
  }
  return null;
}

/** Absent conditions are omitted, so that each one can use its index. */
function conditionsOf(filter: AuditFilter): { readonly conditions: readonly string[]; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${condition} $${values.length}`);
  };
  where('actor =', filter.actor);
  where('wallet =', filter.wallet);
  where('seq =', filter.operation?.seq);
  where('book =', filter.operation?.book);
  where('request_id =', filter.requestId);
  where('started_at >=', filter.since);
  where('started_at <', filter.until);
  return { conditions, values };
}
