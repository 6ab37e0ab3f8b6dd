/** Expired holds that a read counts as given back, before their expiry entries: parts of queries about book $1. */

/** The moment at which an operation of book $1 would be decided: see DatabaseClock. */
export const decidedAt = `(select greatest(clock_timestamp(),
  (select end_of_log.recorded_at from ledger.batch end_of_log where end_of_log.book = $1 order by end_of_log.batch_no desc limit 1)))`;

/**
 * Joins the expired holds of an account `b` that have no expiry entry yet: what is left of them, and how many there are. `releasedUntil`: the
 * parameter of a moment before which no open hold expires. The tests check its plan.
 */
export const expiredHolds = (releasedUntil: string) => `cross join lateral (
    select coalesce(sum(open.left), 0) as left, count(*) as count from (
      select (select n.hold_left from ledger.entry n where n.book = $1 and n.hold = h.seq order by n.debit_version desc limit 1) as left
      from ledger.entry h
      where b.held > 0 and h.book = $1 and h.debit_account = b.number and h.hold = h.seq
        and h.expires_at >= ${releasedUntil} and h.expires_at <= ${decidedAt}
      offset 0
    ) open where open.left > 0
  ) expired`;
