/** Reads requests. */
import type pg from 'pg';
import { estimateRows } from '../database/index.ts';
import type { Estimate } from '../database/index.ts';
import { isUuid, keysetPage, parseKeyset } from '../kernel/index.ts';
import type { KeysetPage } from '../kernel/index.ts';
import { keyspaces, storedKey } from '../ledger/index.ts';
import { attemptColumns, requestColumns, requestFromRow } from './rows.ts';
import type { AttemptRow, RequestRow } from './rows.ts';
import { isFinished, requestStatuses } from './types.ts';
import type { AsyncRequest, Attempt, RequestStatus, RequestType } from './types.ts';

/** `onlyOwner`: requests of other owners are invisible. */
export type RequestReach = { readonly onlyOwner?: string | undefined };
export type RequestFilter = RequestReach & {
  readonly wallet?: string | undefined;
  readonly owner?: string | undefined;
  readonly status?: RequestStatus | undefined;
  readonly type?: RequestType | undefined;
  /** The idempotency key, of any wallet. */
  readonly key?: string | undefined;
  /** Accepted from this moment, and before that one. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly order?: 'desc' | 'asc' | undefined;
  /** The `next` or `previous` of another page. */
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly count?: boolean | undefined;
};
export type RequestPage = KeysetPage<AsyncRequest> & { readonly count: Estimate | null };

export async function selectRequest(database: pg.Pool, id: string, { onlyOwner }: RequestReach): Promise<AsyncRequest | null> {
  if (!isUuid(id)) return null;
  const { rows } = await database.query<RequestRow>({
    name: 'requests_by_id',
    text: `select ${requestColumns} from requests.request r where r.id = $1 and ($2::text is null or r.owner = $2)`,
    values: [id, onlyOwner ?? null],
  });
  return rows[0] ? requestFromRow(rows[0]) : null;
}

/** In the order of ids, which is that of time. */
export async function selectRequests(database: pg.Pool, filter: RequestFilter): Promise<RequestPage> {
  const { cursor, order = 'desc', limit } = filter;
  const keyset = parseKeyset(cursor);
  const [way, beyond] = (order === 'desc') === keyset.isBackward ? ['asc', '>'] : ['desc', '<'];
  const { where, values } = conditionsOf(filter);
  const after = keyset.position === null ? '' : ` and r.id ${beyond} $${values.length + 2}`;
  const { rows } = await database.query<RequestRow>(
    `select ${requestColumns} from requests.request r where ${where}${after} order by r.id ${way} limit $${values.length + 1}`,
    [...values, limit + 1, ...(keyset.position === null ? [] : [keyset.position])],
  );
  const page = keysetPage(rows.map(requestFromRow), limit, keyset, ({ id }) => id);
  return { ...page, count: filter.count === true ? await estimateRows(database, `from requests.request r where ${where}`, values) : null };
}

function conditionsOf({ wallet, owner, status, type, key, since, until, onlyOwner }: RequestFilter): {
  readonly where: string;
  readonly values: unknown[];
} {
  const values: unknown[] = [];
  const conditions = (
    [
      ['r.wallet =', wallet],
      ['r.status =', status],
      ['r.type =', type],
      ['r.owner =', owner],
      ['r.owner =', onlyOwner],
      ['r.created_at >=', since],
      ['r.created_at <', until],
      // Ids begin with the time of the process, which may differ a little from the database's.
      ['r.id >=', since && idAt(since.getTime() - clockDifferenceMs)],
      ['r.id <', until && idAt(until.getTime() + clockDifferenceMs)],
    ] as const
  ).flatMap(([condition, value]) => (value === undefined ? [] : [`${condition} $${values.push(value)}`]));
  const forms = key === undefined ? [] : [`r.key = any ($${values.push(keyspaces.map((keyspace) => storedKey(key, keyspace)))}::text[])`];
  return { where: [...conditions, ...forms, 'true'].join(' and '), values };
}

const clockDifferenceMs = 600_000;

/** The least id of a moment. */
function idAt(ms: number): string {
  const hex = Math.min(Math.max(0, ms), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
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
