-- Deletes audit rows older than a moment, oldest first, a bounded number per call; returns how many. Never deletes rows of the last day.
-- Deletes only at the beginning of the chain and remembers the hash of the last row deleted, so that the rest still verifies. Of the chained
-- rows that are old enough it keeps the last one: it proves that no younger row was deleted.
create or replace function audit.forget_before(p_moment timestamptz, p_rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  last_id bigint;
  last_hash bytea;
  deleted integer;
begin
  perform from audit.head where chain = 'request' for no key update;
  with oldest as (
    select id, hash, started_at < least(p_moment, clock_timestamp() - interval '1 day') as is_old
    from audit.request order by id limit p_rows_max + 1
  ), deletable as (
    select o.id, o.hash, row_number() over (order by o.id) as position, lead(o.id) over (order by o.id) as next_id from oldest o
    where o.is_old and o.id < coalesce((select min(y.id) from oldest y where not y.is_old), o.id + 1)
  )
  select d.id, d.hash into last_id, last_hash from deletable d
  where d.position <= p_rows_max and (d.hash is null or d.next_id is not null)
  order by d.id desc limit 1;
  if last_id is null then return 0; end if;
  -- Set here, not in the function's header, where only a superuser may use a setting unknown to PostgreSQL.
  perform set_config('audit.forgetting', 'on', true);
  delete from audit.request where id <= last_id;
  get diagnostics deleted = row_count;
  perform set_config('audit.forgetting', 'off', true);
  -- Rows from before the chain have no hash and leave its anchor alone.
  update audit.head set anchor_id = last_id, anchor_hash = last_hash where chain = 'request' and last_hash is not null;
  return deleted;
end $$;
