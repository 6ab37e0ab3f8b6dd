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

/** Newest first, at most `limit` rows. Absent conditions are omitted from the statement, so that each one can use its index. */
export async function readAudit(pool: pg.Pool, filter: AuditFilter, limit: number): Promise<AuditRow[]> {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${condition} $${values.length}`);
  };
  where('actor =', filter.actor);
  // The planner knows it as one of the indexed values.
  if (filter.actor !== undefined && filter.actor !== 'anonymous') conditions.push(`actor <> 'anonymous'`);
  where('wallet =', filter.wallet);
  where('seq =', filter.operation?.seq);
  where('book =', filter.operation?.book);
  where('request_id =', filter.requestId);
  where('started_at >=', filter.since);
  where('started_at <', filter.until);
  where('id <', filter.before);
  values.push(limit);
  const { rows } = await pool.query<AuditRow>(
    `${statement} ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''} order by id desc limit $${values.length}`,
    values,
  );
  return rows;
}
