-- Sets the date before which nothing new may be dated. No row when the date is in the future.
create or replace function ledger.close_period(p_before timestamptz, p_actor text, p_reason text)
returns setof ledger.closing language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into ledger.closing (before, actor, reason) select p_before, p_actor, p_reason where p_before <= clock_timestamp() returning *
$$;
