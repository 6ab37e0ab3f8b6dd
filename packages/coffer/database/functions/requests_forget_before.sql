-- Deletes requests that were finished before a moment, with their lines, the oldest first, a bounded number at a time; answers how many.
-- What is not finished stays, and nothing that was finished within the last day can be deleted, whatever is asked. What a request moved
-- is in the ledger, and so is its key.
create or replace function requests.forget_before(p_moment timestamptz, p_requests_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  old uuid[];
begin
  -- A replay locks its request too: it comes before this, and is seen, or finds nothing.
  select coalesce(array_agg(o.id), '{}') into old from (
    select r.id from requests.request r
    where r.finished_at < least(p_moment, clock_timestamp() - interval '1 day')
    order by r.finished_at limit p_requests_max for update skip locked
  ) o;
  -- Said here, not in the function's header: only a superuser may put a name that PostgreSQL does not know there.
  perform set_config('requests.forgetting', 'on', true);
  delete from requests.attempt a where a.request = any (old);
  perform set_config('requests.forgetting', 'off', true);
  delete from requests.request r where r.id = any (old);
  return cardinality(old);
end $$;
