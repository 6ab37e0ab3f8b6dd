/** The SQL of sending: claim due deliveries, settle them, and delete old ones. */
import type pg from 'pg';
import { lostPauseMaxMs } from './schedule.ts';

/** A delivery claimed by this process until its lease expires. */
export type Claimed = {
  readonly id: number;
  readonly endpoint: string;
  readonly attempt: number;
  /** Its number in the schedule: only calls with an outcome are counted. */
  readonly nth: number;
  readonly message: string;
  readonly body: string;
  readonly url: string;
  readonly secret: string;
  readonly previous_secret: string | null;
};

export type Lane = { readonly slow: boolean; readonly free: number; readonly perEndpoint: number };

/**
 * Claims due deliveries, oldest first, within the limit per endpoint. `underWay`: deliveries this process is sending now, by
 * endpoint. If a process dies with a claim, the others take over when the lease expires. The delay doubles with every claim
 * without an outcome, because the delivery may be the cause of the crash, and is randomised, so that deliveries claimed together
 * are not claimed together again.
 */
export async function claimDue(
  pool: pg.Pool,
  lane: Lane,
  underWay: ReadonlyMap<string, number>,
  { leaseMs, now }: { readonly leaseMs: number; readonly now: Date },
): Promise<Claimed[]> {
  const { rows } = await pool.query<Claimed>({
    name: 'claim webhook deliveries',
    text: `
      with due as (
        select taken.id from (
          select found.id, found.due_at
          from webhooks.endpoint e
          left join unnest($1::uuid[], $2::int[]) as busy (endpoint, count) on busy.endpoint = e.id
          cross join lateral (
            select d.id, d.due_at from webhooks.delivery d
            where d.endpoint = e.id and d.status = 'pending' and d.due_at <= $8::timestamptz
            order by d.due_at, d.id limit greatest(0, $4 - coalesce(busy.count, 0)) for update skip locked
          ) found
          where e.status = 'enabled' and e.is_slow = $3
        ) taken order by taken.due_at, taken.id limit $5
      )
      update webhooks.delivery d
      set attempts = d.attempts + 1, due_since = $8::timestamptz,
        due_at = $8::timestamptz + make_interval(secs => (1 + random() / 4) * greatest($6, least($7, $6 * 2 ^ least(30,
          d.attempts - coalesce((select max(a.number) from webhooks.attempt a where a.delivery = d.id), 0)))))
      from due, webhooks.endpoint e
      where d.id = due.id and e.id = d.endpoint
      returning d.id, d.endpoint, d.attempts as attempt, d.tries + 1 as nth, d.message, d.body, e.url, e.secret,
        case when e.previous_expires_at > clock_timestamp() then e.previous_secret end as previous_secret`,
    values: [
      [...underWay.keys()],
      [...underWay.values()],
      lane.slow,
      lane.perEndpoint,
      lane.free,
      leaseMs / 1_000,
      lostPauseMaxMs / 1_000,
      now,
    ],
  });
  return rows;
}

export type Settlement = {
  readonly outcome: 'delivered' | 'again' | 'failed';
  /** For `again`. */
  readonly againMs: number;
  readonly httpStatus: number | null;
  readonly elapsedMs: number;
  readonly answer: string | null;
  readonly why: string | null;
  readonly isSlow: boolean;
  /** Disables the endpoint immediately. */
  readonly disables: string | null;
};

/**
 * Records the outcome of a call in one statement; returns why this disabled the endpoint, or null. If the claim was lost, nothing
 * changes, except that a delivered delivery becomes delivered.
 */
export async function settle(
  pool: pg.Pool,
  claimed: Claimed,
  { outcome, againMs, httpStatus, elapsedMs, answer, why, isSlow, disables }: Settlement,
  { patienceMs, now }: { readonly patienceMs: number; readonly now: Date },
): Promise<string | null> {
  const { rows } = await pool.query<{ disabled_why: string }>({
    name: 'settle webhook delivery',
    text: `
      with there as (select id, endpoint from webhooks.delivery where id = $1 for update),
      noted as (
        insert into webhooks.attempt (delivery, number, http_status, elapsed_ms, answer, why)
        select id, $2, $3, $4, $5, $6 from there on conflict do nothing
      ),
      settled as (
        update webhooks.delivery d
        set status = case $7 when 'again' then 'pending' else $7 end, tries = d.tries + 1,
          finished_at = case when $7 <> 'again' then $12::timestamptz end,
          due_since = $12::timestamptz,
          due_at = case when $7 = 'again' then $12::timestamptz + make_interval(secs => $8) else d.due_at end
        from there where d.id = there.id and d.status = 'pending' and (d.attempts = $2 or $7 = 'delivered')
      )
      update webhooks.endpoint e
      set failing_since = case when $7 <> 'delivered' then coalesce(e.failing_since, $12::timestamptz) end,
        is_slow = $9,
        status = case when stop.why is null then e.status else 'disabled' end,
        disabled_why = coalesce(e.disabled_why, stop.why),
        updated_at = case when stop.why is null then e.updated_at else clock_timestamp() end
      from there, webhooks.endpoint was, lateral (
        select case when was.status = 'enabled' then coalesce($10, case
          when $7 <> 'delivered' and was.failing_since < $12::timestamptz - make_interval(secs => $11)
          then 'nothing but failures since ' || to_char(was.failing_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end) end as why
      ) stop
      where was.id = there.endpoint and e.id = was.id
        -- An endpoint that does well is not written to at each call.
        and (stop.why is not null or was.is_slow <> $9 or (was.failing_since is null) <> ($7 = 'delivered'))
      returning case when stop.why is not null then e.disabled_why end as disabled_why`,
    values: [
      claimed.id,
      claimed.attempt,
      httpStatus,
      elapsedMs,
      answer,
      why,
      outcome,
      againMs / 1_000,
      isSlow,
      disables,
      patienceMs / 1_000,
      now,
    ],
  });
  return rows[0]?.disabled_why ?? null;
}

/** Records that a call was aborted because its process stops: it is due immediately, and uses up none of its schedule. */
export async function putBack(pool: pg.Pool, claimed: Claimed, elapsedMs: number): Promise<void> {
  await pool.query({
    name: 'put webhook delivery back',
    text: `
      with back as (
        update webhooks.delivery set due_at = clock_timestamp(), due_since = clock_timestamp() where id = $1 and status = 'pending' and attempts = $2 returning id
      )
      insert into webhooks.attempt (delivery, number, elapsed_ms, why) select id, $2, $3, $4 from back on conflict do nothing`,
    values: [claimed.id, claimed.attempt, elapsedMs, 'Coffer was stopped during the call'],
  });
}

/**
 * Deletes a batch of deliveries that finished, or have waited for a disabled endpoint, since before a moment; returns how many rows.
 */
export async function forgetOld(pool: pg.Pool, before: Date, most: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from webhooks.delivery where id in (
       (select id from webhooks.delivery where status <> 'pending' and finished_at < $1 limit $2)
       union all
       (select d.id from webhooks.endpoint e join webhooks.delivery d on d.endpoint = e.id
        where e.status = 'disabled' and d.status = 'pending' and d.created_at < $1 limit $2))`,
    [before, most],
  );
  return rowCount ?? 0;
}
