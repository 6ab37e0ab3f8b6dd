-- The assets as they are now: each with its newest version.
create or replace view ledger.current_asset as
select a.id, a.code, a.scale, coalesce(v.name, a.name) as name, coalesce(v.kind, 'other') as kind,
  coalesce(v.retired, false) as retired, coalesce(v.version, 1) as version
from ledger.asset a
left join lateral (select * from ledger.asset_version v where v.asset = a.id order by v.version desc limit 1) v on true;
