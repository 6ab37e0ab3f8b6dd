-- Adds an asset, or returns the one that has the code already: `added` says which. No row when there are too many.
create or replace function ledger.add_asset(
  p_code text, p_scale integer, p_name text, p_kind text, p_most integer, p_actor text, p_request_id text
) returns table (id integer, added boolean) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  found integer;
begin
  -- One at a time, for the numbers; readers do not wait.
  lock table ledger.asset in share row exclusive mode;
  select a.id into found from ledger.asset a where a.code = p_code;
  if found is not null then
    return query select found, false;
    return;
  end if;
  if (select count(*) from ledger.asset) >= p_most then return; end if;
  insert into ledger.asset (id, code, scale, name)
  select coalesce(max(a.id), 0) + 1, p_code, p_scale, p_name from ledger.asset a returning asset.id into found;
  insert into ledger.asset_version (asset, version, name, kind, retired, actor) values (found, 1, p_name, p_kind, false, p_actor);
  perform audit.record_change('assets.add', p_code, null,
    json_build_object('id', found, 'code', p_code, 'scale', p_scale, 'name', p_name, 'kind', p_kind), p_actor, p_request_id);
  return query select found, true;
end $$;
