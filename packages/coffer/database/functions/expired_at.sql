-- Holds of an account that had expired by a moment, and had no expiry entry up to a version of it, which is the newest at that moment: what
-- is left of them, and how many there are. A read at that moment counts them as given back, as a current one does.
create or replace function ledger.expired_at(p_book integer, p_account bigint, p_version bigint, p_at timestamptz)
returns table (unreleased numeric, count bigint) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query select coalesce(sum(open.unreleased), 0), count(*) from (
    select (
      select n.hold_left from ledger.entry n
      where n.book = p_book and n.hold = h.seq and n.debit_version <= p_version order by n.debit_version desc limit 1
    ) as unreleased
    from ledger.entry h
    where h.book = p_book and h.debit_account = p_account and h.hold = h.seq and h.expires_at <= p_at and h.debit_version <= p_version
      -- An operation releases what has expired before it, and the sweep releases in the order of expiry. So only holds that expired after
      -- the newest entry, or after the hold that it released, are unreleased; the hour is for clocks.
      and h.expires_at >= (
        select least(e.recorded_at, (
          select released.expires_at from ledger.entry released
          where e.kind = 'expire' and released.book = p_book and released.seq = e.hold)) - interval '1 hour'
        from ledger.account_entries(p_book, p_account, p_version, p_version, 1) at_version
        join ledger.entry e on e.book = p_book and e.seq = at_version.seq)
    offset 0
  ) open where open.unreleased > 0;
end $$;
