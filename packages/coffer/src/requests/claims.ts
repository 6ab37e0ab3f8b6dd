/**
 * Claims on requests: a worker claims one for a while and settles it if it still holds the claim. A dead worker's claims expire.
 */
import type pg from 'pg';
import { requestColumns, requestFromRow } from './rows.ts';
import type { RequestRow } from './rows.ts';
import type { AsyncRequest, Failure, RequestHold, RequestStatus, Way } from './types.ts';

/** `now`: the time of the claim or the settlement by the steady clock. `isFirstAsk`: the payer has certainly not been called before. */
export type Claimed = { readonly request: AsyncRequest; readonly claim: string; readonly now: Date; readonly isFirstAsk?: boolean };

/** The result of a step. Absent fields keep their values. */
export type Change = {
  readonly status: RequestStatus;
  readonly outcome: string;
  readonly detail?: string | undefined;
  /**
   * When it continues: immediately by the same worker, as soon as a worker has room, after a pause, or at a time unless it is
   * decided before. Never, once finished.
   */
  readonly next: 'now' | 'in turn' | 'never' | { readonly afterMs: number } | { readonly at: Date };
  readonly way?: Ways['withdraw'];
  readonly hold?: RequestHold;
  /** Whether the payer may have been called; `first`: it is about to be called for the first time. */
  readonly asked?: boolean | 'first';
  /** The same step starts again, so pauses keep growing. */
  readonly isAgain?: boolean;
  readonly remark?: string;
  readonly captures?: number;
  readonly operation?: string | null;
  readonly seq?: number;
  readonly failure?: Failure;
};

/** Decided with the first claim, before anything is done, so that a change of the settings cannot give one request two ways. */
export type Ways = { readonly withdraw: { readonly way: Way; readonly holdSeconds: number | null } };

/** The payer is called in these states. */
const callingStatuses = ['paying', 'uncertain'] as const satisfies readonly RequestStatus[];
const calling = `(${callingStatuses.map((status) => `'${status}'`).join(', ')})`;

export function isCalling({ status }: Pick<AsyncRequest, 'status'>): boolean {
  return callingStatuses.some((one) => one === status);
}

const claimText = `
  update requests.request r set
    claim = $1::uuid, next_try_at = $7::timestamptz + $2::double precision * interval '1 ms', attempts = r.attempts + 1, updated_at = $7::timestamptz,
    status = case when r.status = 'accepted' then 'processing' else r.status end,
    way = coalesce(r.way, case when r.type = 'withdraw' then $4::text else 'post' end),
    hold_seconds = case when r.way is null and r.type = 'withdraw' then $5::integer else r.hold_seconds end
  from (
    select id from (
      select id from requests.request where finished_at is null and next_try_at <= $7::timestamptz and status not in ${calling}
      order by next_try_at, id limit $3 for update skip locked
    ) others
    union all
    select id from (
      select id from requests.request where finished_at is null and next_try_at <= $7::timestamptz and status in ${calling}
      order by next_try_at, id limit $6 for update skip locked
    ) calls
  ) due
  where r.id = due.id
  returning ${requestColumns}, $7::timestamptz as now`;

export type Claiming = {
  readonly claim: string;
  readonly leaseMs: number;
  readonly limit: number;
  readonly callsLimit: number;
  readonly ways: Ways;
  readonly now: Date;
};

/** Claims due requests for `leaseMs`: up to `callsLimit` of those whose payer is called, and up to `limit` others. */
export async function claimDue(pool: pg.Pool, options: Claiming): Promise<Claimed[]> {
  const { claim, leaseMs, limit, callsLimit, ways, now } = options;
  const { rows } = await pool.query<RequestRow & { now: Date }>({
    name: 'requests_claim',
    text: claimText,
    values: [claim, leaseMs, limit, ways.withdraw.way, ways.withdraw.holdSeconds, callsLimit, now],
  });
  return rows.map((row) => ({ request: requestFromRow(row), claim, now: row.now }));
}

const settleText = `
  with settled as (
    update requests.request r set
      status = $3::text, updated_at = $25::timestamptz,
      way = coalesce($21::text, r.way), hold_seconds = coalesce($22::integer, r.hold_seconds),
      tries = case when r.status <> $3::text then 0 when $24::boolean then r.tries when $4::boolean then 0 else r.tries + 1 end,
      claim = case when $4::boolean then r.claim end,
      next_try_at = coalesce($6::timestamptz, $25::timestamptz + $5::double precision * interval '1 ms'),
      hold = coalesce($7::text, r.hold), hold_amount = coalesce($8::numeric, r.hold_amount), times_out_at = coalesce($9::timestamptz, r.times_out_at),
      asked = coalesce($23::boolean, r.asked), remark = $10::text, captures = coalesce($11::integer, r.captures),
      operation = coalesce($12::text, r.operation), seq = coalesce($13::bigint, r.seq),
      failure_code = case when $3::text <> 'completed' then coalesce($14::text, r.failure_code) end,
      failure_facts = case when $3::text <> 'completed' then coalesce($15::text, r.failure_facts) end,
      finished_at = case when $3::text in ('completed', 'released', 'failed') then $25::timestamptz end
    where r.id = $1::uuid and r.claim = $2::uuid
    returning ${requestColumns}
  ), logged as (
    insert into requests.attempt (request, number, at, step, outcome, detail)
    select $1::uuid, $16::integer, clock_timestamp(), $17::text,
      case when exists (select from settled) then $18::text else 'too late: ' || $18::text end, $19::text
    where $20::boolean or exists (select from settled)
  )
  select *, $25::timestamptz as now from settled`;

/**
 * Commits a change with its line in the log. Null if the claim was lost: another worker has it, and the line says that this
 * result came too late. On a retry there is no such line: the first try may have committed with its answer lost.
 */
export async function settle(
  pool: pg.Pool,
  claimed: Claimed,
  change: Change,
  { leaseMs, isFirst, now }: { readonly leaseMs: number; readonly isFirst: boolean; readonly now: Date },
): Promise<Claimed | null> {
  const { request, claim } = claimed;
  const { next, hold, failure } = change;
  const goesOn = next === 'now';
  const { rows } = await pool.query<RequestRow & { now: Date }>({
    name: 'requests_settle',
    text: settleText,
    values: [
      request.id,
      claim,
      change.status,
      goesOn,
      goesOn ? leaseMs : typeof next === 'object' && 'afterMs' in next ? Math.ceil(next.afterMs) : 0,
      typeof next === 'object' && 'at' in next ? next.at : null,
      hold?.id ?? null,
      hold?.amount.toString() ?? null,
      hold?.timesOutAt ?? null,
      change.remark ?? null,
      change.captures ?? null,
      change.operation ?? null,
      change.seq ?? null,
      failure?.code ?? null,
      failure ? JSON.stringify(failure.facts) : null,
      request.attempts,
      request.status,
      change.outcome,
      change.detail?.slice(0, detailLengthMax) ?? null,
      isFirst,
      change.way?.way ?? null,
      change.way?.holdSeconds ?? null,
      change.asked === undefined ? null : change.asked !== false,
      change.isAgain === true,
      now,
    ],
  });
  return rows[0] ? { request: requestFromRow(rows[0]), claim, now: rows[0].now, isFirstAsk: change.asked === 'first' } : null;
}

const detailLengthMax = 1_000;

/** Shortens the waits and deadlines that were stored while the clock was ahead. */
export async function putRequestsRight(pool: pg.Pool, now: Date): Promise<void> {
  await pool.query(
    `update requests.request set
       next_try_at = $1::timestamptz + (next_try_at - updated_at),
       times_out_at = least(times_out_at, $1::timestamptz + hold_seconds * interval '1 second'),
       updated_at = $1::timestamptz
     where finished_at is null and updated_at > $1::timestamptz + interval '1 second'`,
    [now],
  );
}
