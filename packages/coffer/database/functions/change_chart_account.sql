-- Changes an account's name or parent; a null name stays, and so does the parent unless p_moves. Returns changed, same, not_found, or what is
-- wrong with the parent: parent_unknown, parent_differs or cycle.
create or replace function ledger.change_chart_account(
  p_id text, p_name text, p_moves boolean, p_parent text, p_actor text, p_request_id text
) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  before record;
  above record;
  named text;
  moved text;
begin
  -- One at a time, so that the parents stay a tree; readers do not wait.
  lock table ledger.chart in share row exclusive mode;
  select c.* into before from ledger.current_chart c where c.id = p_id;
  if before.id is null then return 'not_found'; end if;
  named := coalesce(p_name, before.name);
  moved := case when p_moves then p_parent else before.parent end;
  if named = before.name and moved is not distinct from before.parent then return 'same'; end if;
  if p_moves and p_parent is not null then
    select c.* into above from ledger.chart c where c.id = p_parent;
    if above.id is null then return 'parent_unknown'; end if;
    if above.type <> before.type or above.asset <> before.asset then return 'parent_differs'; end if;
    if exists (
      with recursive up (id, parent) as (
        select c.id, c.parent from ledger.current_chart c where c.id = p_parent
        union
        select c.id, c.parent from up join ledger.current_chart c on c.id = up.parent
      )
      select from up where up.id = p_id
    ) then return 'cycle'; end if;
  end if;
  insert into ledger.chart_version (account, version, name, parent, actor) values (p_id, before.version + 1, named, moved, p_actor);
  perform audit.record_change('accounts.change', p_id, json_build_object('name', before.name, 'parent', before.parent),
    json_build_object('name', named, 'parent', moved), p_actor, p_request_id);
  return 'changed';
end $$;
