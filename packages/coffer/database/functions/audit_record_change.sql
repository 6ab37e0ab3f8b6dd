-- Adds a record of a change in the caller's transaction; returns its id. Call it last: the lock on the chain's head is held until the commit.
create or replace function audit.record_change(p_kind text, p_subject text, p_before json, p_after json, p_actor text, p_request_id text)
returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  newest audit.head;
  changed_at timestamptz;
  next_hash bytea;
begin
  select * into newest from audit.head h where h.chain = 'change' for no key update;
  changed_at := clock_timestamp();
  next_hash := sha256(newest.hash || array_send(array[
    (newest.id + 1)::text, p_kind, p_subject, p_before::text, p_after::text, p_actor, p_request_id,
    (extract(epoch from changed_at) * 1000000)::bigint::text
  ]));
  insert into audit.change (id, kind, subject, before, after, actor, request_id, at, hash)
  values (newest.id + 1, p_kind, p_subject, p_before, p_after, p_actor, p_request_id, changed_at, next_hash);
  update audit.head set id = newest.id + 1, hash = next_hash where chain = 'change';
  return newest.id + 1;
end $$;
