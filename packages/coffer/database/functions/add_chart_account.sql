-- Adds an account to the chart. Returns added, exists, too_many, or what is wrong with the parent: parent_unknown or parent_differs.
create or replace function ledger.add_chart_account(
  p_id text, p_asset integer, p_type text, p_floor numeric, p_name text, p_parent text, p_most integer, p_actor text, p_request_id text
) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parent record;
begin
  -- One at a time, so that the parents stay a tree; readers do not wait.
  lock table ledger.chart in share row exclusive mode;
  if exists (select from ledger.chart c where c.id = p_id) then return 'exists'; end if;
  if (select count(*) from ledger.chart) >= p_most then return 'too_many'; end if;
  if p_parent is not null then
    select c.* into parent from ledger.chart c where c.id = p_parent;
    if parent.id is null then return 'parent_unknown'; end if;
    if parent.type <> p_type or parent.asset <> p_asset then return 'parent_differs'; end if;
  end if;
  insert into ledger.chart (id, asset, type, floor) values (p_id, p_asset, p_type, p_floor);
  insert into ledger.chart_version (account, version, name, parent, actor) values (p_id, 1, p_name, p_parent, p_actor);
  perform audit.record_change('accounts.add', p_id, null,
    json_build_object('asset', p_asset, 'type', p_type, 'floor', p_floor::text, 'name', p_name, 'parent', p_parent), p_actor, p_request_id);
  return 'added';
end $$;
