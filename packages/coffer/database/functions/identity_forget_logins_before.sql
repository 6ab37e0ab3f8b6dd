-- Deletes rows of the login log older than a moment, oldest first, a bounded number per call; returns how many. Never deletes rows of the
-- last day.
create or replace function identity.forget_logins_before(p_moment timestamptz, p_rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  deleted integer;
begin
  -- Ids rise with time: the first by id are the oldest.
  delete from identity.login_log l where l.id in (select o.id from identity.login_log o order by o.id limit p_rows_max)
    and l.at < least(p_moment, clock_timestamp() - interval '1 day');
  get diagnostics deleted = row_count;
  return deleted;
end $$;
