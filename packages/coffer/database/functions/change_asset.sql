-- Changes an asset's name, or whether it is retired: what is null stays. Returns false when nothing changes.
create or replace function ledger.change_asset(p_code text, p_name text, p_retired boolean, p_actor text, p_request_id text)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  before record;
  one integer;
begin
  -- One at a time, for the versions; readers do not wait.
  lock table ledger.asset in share row exclusive mode;
  select a.* into before from ledger.current_asset a where a.code = p_code;
  if before.id is null
    or (coalesce(p_name, before.name) = before.name and coalesce(p_retired, before.retired) = before.retired) then return false; end if;
  -- Each batch takes the lock of its book before it is checked. So once this commits, no wallet is opened in a retired asset in any book,
  -- whatever its writer knew when it decided.
  if p_retired is distinct from before.retired and p_retired then
    for one in select b.book from ledger.book b order by b.book loop
      perform 1 from ledger.book b where b.book = one for no key update;
    end loop;
  end if;
  insert into ledger.asset_version (asset, version, name, kind, retired, actor)
  values (before.id, before.version + 1, coalesce(p_name, before.name), before.kind, coalesce(p_retired, before.retired), p_actor);
  perform audit.record_change('assets.change', p_code,
    json_build_object('name', before.name, 'retired', before.retired),
    json_build_object('name', coalesce(p_name, before.name), 'retired', coalesce(p_retired, before.retired)), p_actor, p_request_id);
  return true;
end $$;
