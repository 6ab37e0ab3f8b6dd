-- Deletes audit rows older than a moment, oldest first, a bounded number per call; returns how many. Never deletes rows of the last day.
create or replace function audit.forget_before(p_moment timestamptz, p_rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  deleted integer;
begin
  -- Set here, not in the function's header, where only a superuser may use a setting unknown to PostgreSQL.
  perform set_config('audit.forgetting', 'on', true);
  with oldest as (
    -- Ids rise with time, so the first rows by id are the oldest; the first young one ends the work.
    select id, started_at from audit.request order by id limit p_rows_max
  )
  delete from audit.request r using oldest
  where r.id = oldest.id and oldest.started_at < least(p_moment, clock_timestamp() - interval '1 day');
  get diagnostics deleted = row_count;
  perform set_config('audit.forgetting', 'off', true);
  return deleted;
end $$;
