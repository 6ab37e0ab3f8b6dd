-- Adds the next part of audit.request, for about three days of rows at the pace of the last part. Only audit.record calls it, as the owner.
create or replace function audit.add_part() returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  last audit.part;
  part text;
  size bigint;
begin
  select * into last from audit.part p order by p.number desc limit 1;
  size := greatest(100000, least((last.next_id - last.first_id) * least(16, 3 * 86400 / greatest(1, extract(epoch from clock_timestamp() - last.created_at))), 1e9));
  part := 'request_' || last.number + 1;
  execute format('create table audit.%I (like audit.request including all) with (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000)', part);
  execute format('create trigger immutable before update or truncate on audit.%I for each statement execute function audit.refuse_update()', part);
  execute format('create trigger kept before delete on audit.%I for each statement execute function audit.refuse_deletion()', part);
  execute format('alter table audit.%I enable always trigger immutable, enable always trigger kept', part);
  -- Unlike "create table … partition of", this waits for no reader.
  execute format('alter table audit.request attach partition audit.%I for values from (%s) to (%s)', part, last.next_id, last.next_id + size);
  insert into audit.part values (last.number + 1, last.next_id, last.next_id + size, clock_timestamp());
end $$;
