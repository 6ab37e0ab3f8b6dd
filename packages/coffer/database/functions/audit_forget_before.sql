-- Deletes audit rows older than a moment, oldest first, a bounded number per call or one call of audit.record; returns how many. Never deletes
-- rows of the last day. Deletes only at the beginning of the chain, up to a row with a hash, and remembers that hash, so that the rest still
-- verifies. Of the chained rows that are old enough it keeps at least one: it proves that no younger row was deleted.
create or replace function audit.forget_before(p_moment timestamptz, p_rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  oldest audit.head;
  moment constant timestamptz := least(p_moment, clock_timestamp() - interval '1 day');
  rows_max bigint := p_rows_max;
  considered bigint;
  first_young bigint;
  last_id bigint;
  last_hash bytea;
  has_unchained boolean := false;
  deleted integer := 0;
begin
  select * into oldest from audit.head where chain = 'request' for no key update;
  -- Set here, not in the function's header, where only a superuser may use a setting unknown to PostgreSQL.
  perform set_config('audit.forgetting', 'on', true);
  -- Rows from before the chain have no hash, are in no order, and leave its anchor alone. They go before the first row of the chain.
  if oldest.anchor_hash = (select sha256(convert_to('coffer audit ' || i.id || ' request', 'UTF8')) from ledger.identity i) then
    delete from audit.request where id <= oldest.anchor_id and id in (
      select r.id from audit.request r where r.id <= oldest.anchor_id and r.started_at < moment limit p_rows_max);
    get diagnostics deleted = row_count;
    has_unchained := deleted > 0 or exists (select from audit.request where id <= oldest.anchor_id);
  end if;
  if not has_unchained then
    loop
      select max(id) - oldest.anchor_id, coalesce(min(id) filter (where started_at >= moment), max(id) + 1) into considered, first_young
      from audit.request where id > oldest.anchor_id and id <= oldest.anchor_id + rows_max + 1;
      select r.id, r.hash into last_id, last_hash from audit.request r
      where r.id > oldest.anchor_id and r.id < first_young - 1 and r.hash is not null
      order by r.id desc limit 1;
      -- A call of audit.record may have had more rows.
      exit when last_id is not null or considered is distinct from rows_max + 1 or first_young <= oldest.anchor_id + considered;
      rows_max := rows_max * 2;
    end loop;
    if last_id is not null then
      delete from audit.request where id > oldest.anchor_id and id <= last_id;
      get diagnostics deleted = row_count;
      update audit.head set anchor_id = last_id, anchor_hash = last_hash where chain = 'request';
    end if;
  end if;
  perform set_config('audit.forgetting', 'off', true);
  return deleted;
end $$;
