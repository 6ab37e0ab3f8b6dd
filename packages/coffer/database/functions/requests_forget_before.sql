-- Deletes requests that were finished before a moment, with their lines, oldest first, a bounded number per call; returns how many. Never
-- deletes unfinished requests or those finished within the last day. What a request moved remains in the ledger, and so does its key.
create or replace function requests.forget_before(p_moment timestamptz, p_requests_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  old uuid[];
begin
  -- A replay also locks its request: it either comes first and is seen, or finds nothing.
  select coalesce(array_agg(o.id), '{}') into old from (
    select r.id from requests.request r
    where r.finished_at < least(p_moment, clock_timestamp() - interval '1 day')
    order by r.finished_at limit p_requests_max for update skip locked
  ) o;
  -- Set here, not in the function's header, where only a superuser may use a setting unknown to PostgreSQL.
  perform set_config('requests.forgetting', 'on', true);
  delete from requests.attempt a where a.request = any (old);
  perform set_config('requests.forgetting', 'off', true);
  delete from requests.request r where r.id = any (old);
  return cardinality(old);
end $$;
