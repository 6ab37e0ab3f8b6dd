-- Erases the personal text of rows by actors or about subjects, until a moment, a bounded number per call; returns how many. The digest of
-- the text takes its place in the chain.
create or replace function audit.erase(p_actors text[], p_subjects text[], p_until timestamptz, p_rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  part text;
  found_rows tid[];
  erased_in_part integer;
  erased_rows integer := 0;
begin
  perform set_config('audit.erasing', 'on', true);
  -- Rows have no unique index; a place names a row in its part.
  for part in select format('audit.request_%s', p.number) from audit.part p order by p.number loop
    -- Retention may have dropped it meanwhile.
    continue when to_regclass(part) is null;
    -- Each condition can use its index.
    execute format($sql$
      select array_agg(q.ctid) from (
        select a.ctid from %1$s a where a.actor = any ($1) and a.actor <> 'anonymous' and a.url <> '(erased)'
        union
        select s.ctid from %1$s s where s.subject = any ($2)
          -- An address may belong to someone else afterwards; an id never does.
          and (s.started_at <= $3 or s.subject !~ '@')
        limit $4
      ) q $sql$, part) into found_rows using p_actors, p_subjects, p_until, p_rows_max - erased_rows;
    continue when found_rows is null;
    execute format($sql$
      update %s r set
        -- A chained row has a salt until it is erased.
        erased = case when r.salt is null then r.erased else sha256(array_send(array[r.salt, r.url, r.body, r.headers, r.client_ip, r.subject])) end,
        salt = null, url = '(erased)', body = null, headers = '{}', client_ip = null, subject = null
      where r.ctid = any ($1) $sql$, part) using found_rows;
    get diagnostics erased_in_part = row_count;
    erased_rows := erased_rows + erased_in_part;
    exit when erased_rows >= p_rows_max;
  end loop;
  perform set_config('audit.erasing', 'off', true);
  return erased_rows;
end $$;
