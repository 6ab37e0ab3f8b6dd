-- Erases the personal text of rows by actors or about subjects, until a moment, a bounded number per call; returns how many. The digest of
-- the text takes its place in the chain.
create or replace function audit.erase(p_actors text[], p_subjects text[], p_until timestamptz, p_rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  erased_rows integer;
begin
  perform set_config('audit.erasing', 'on', true);
  update audit.request r set
    erased = case when r.hash is not null then sha256(array_send(array[r.salt, r.url, r.body, r.headers, r.client_ip, r.subject])) end,
    salt = null, url = '(erased)', body = null, headers = '{}', client_ip = null, subject = null
  where r.id in (
    -- Each condition can use its index. The planner knows an actor other than "anonymous" as one of the indexed values.
    select q.id from (
      select a.id from audit.request a where a.actor = any (p_actors) and a.actor <> 'anonymous' and a.url <> '(erased)'
      union
      select s.id from audit.request s where s.subject = any (p_subjects)
        -- An address may belong to someone else afterwards; an id never does.
        and (s.started_at <= p_until or s.subject !~ '@')
    ) q limit p_rows_max
  );
  get diagnostics erased_rows = row_count;
  perform set_config('audit.erasing', 'off', true);
  return erased_rows;
end $$;
