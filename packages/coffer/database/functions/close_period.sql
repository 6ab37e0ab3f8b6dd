-- Sets the date before which nothing new may be dated, and records who did. No row when the date is in the future.
create or replace function ledger.close_period(p_before timestamptz, p_actor text, p_reason text)
returns setof ledger.closing language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  closed ledger.closing;
begin
  -- One at a time, for the numbers.
  perform pg_advisory_xact_lock(hashtext('coffer: ledger.close_period'));
  insert into ledger.closing (number, before, actor, reason)
  select coalesce((select max(c.number) from ledger.closing c), 0) + 1, p_before, p_actor, p_reason
  where p_before <= clock_timestamp() returning * into closed;
  if closed.number is null then return; end if;
  perform audit.record_change('periods.close', closed.number::text, null, to_json(closed), p_actor, null);
  return next closed;
end $$;
