/** Reads requests. */
import type pg from 'pg';
import { isUuid } from '../kernel/index.ts';
import { attemptColumns, requestColumns, requestFromRow } from './rows.ts';
import type { AttemptRow, RequestRow } from './rows.ts';
import { isFinished, requestStatuses } from './types.ts';
import type { AsyncRequest, Attempt, RequestStatus } from './types.ts';

/** `onlyOwner`: requests of other owners are invisible. */
export type RequestReach = { readonly onlyOwner?: string | undefined };
export type RequestFilter = RequestReach & {
  readonly wallet?: string | undefined;
  readonly status?: RequestStatus | undefined;
  /** The `next` of an earlier page. */
  readonly cursor?: string | undefined;
  readonly limit: number;
};
export type RequestPage = { readonly items: readonly AsyncRequest[]; readonly next: string | null };

export async function selectRequest(database: pg.Pool, id: string, { onlyOwner }: RequestReach): Promise<AsyncRequest | null> {
  if (!isUuid(id)) return null;
  const { rows } = await database.query<RequestRow>({
    name: 'requests_by_id',
    text: `select ${requestColumns} from requests.request r where r.id = $1 and ($2::text is null or r.owner = $2)`,
    values: [id, onlyOwner ?? null],
  });
  return rows[0] ? requestFromRow(rows[0]) : null;
}

/** Newest first: ids are ordered by time. */
export async function selectRequests(database: pg.Pool, filter: RequestFilter): Promise<RequestPage> {
  const { wallet, status, cursor, onlyOwner, limit } = filter;
  const values: unknown[] = [limit + 1];
  const where = (
    [
      ['r.wallet =', wallet],
      ['r.status =', status],
      ['r.owner =', onlyOwner],
      ['r.id <', cursor],
    ] as const
  ).flatMap(([condition, value]) => (value === undefined ? [] : [`${condition} $${values.push(value)}`]));
  const { rows } = await database.query<RequestRow>(
    `select ${requestColumns} from requests.request r ${where.length === 0 ? '' : `where ${where.join(' and ')}`} order by r.id desc limit $1`,
    values,
  );
  const items = rows.slice(0, limit).map(requestFromRow);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Unfinished requests in one state. */
export type OpenRequests = { readonly status: RequestStatus; readonly count: number; readonly oldestSeconds: number };

/** Every state that is not final, also if empty. `oldestSeconds`: age of the oldest request. */
export async function openRequests(database: pg.Pool): Promise<readonly OpenRequests[]> {
  const { rows } = await database.query<OpenRequests>(`
    select status, count(*)::integer as count, greatest(0, extract(epoch from clock_timestamp() - min(created_at)))::double precision as "oldestSeconds"
    from requests.request where finished_at is null group by status`);
  const found = new Map(rows.map((row) => [row.status, row]));
  return requestStatuses
    .filter((status) => !isFinished({ status }))
    .map((status) => found.get(status) ?? { status, count: 0, oldestSeconds: 0 });
}

/** The newest lines, in order. */
export async function selectAttempts(database: pg.Pool, id: string, limit: number): Promise<readonly Attempt[]> {
  const { rows } = await database.query<AttemptRow>({
    name: 'requests_attempts',
    text: `select ${attemptColumns} from requests.attempt where request = $1 order by id desc limit $2`,
    values: [id, limit],
  });
  return rows.toReversed();
}
