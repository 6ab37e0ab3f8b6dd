-- Drops the parts of audit.request whose rows audit.forget_before has all deleted.
create or replace function audit.drop_parts() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  old record;
  is_empty boolean;
begin
  -- A long reader holds the lock, and new requests of it would wait behind this one; retention calls again.
  perform set_config('lock_timeout', '500ms', true);
  for old in
    select p.number, format('request_%s', p.number) as name from audit.part p cross join audit.head h
    where h.chain = 'request' and p.next_id <= h.anchor_id + 1 order by p.number
  loop
    execute format('select not exists (select from audit.%I)', old.name) into is_empty;
    continue when not is_empty;
    execute format('drop table audit.%I', old.name);
    delete from audit.part where number = old.number;
  end loop;
exception when lock_not_available or deadlock_detected then return;
end $$;
