-- The chart of accounts as it is now: each account with its newest version.
create or replace view ledger.current_chart as
select c.id, c.asset, c.type, c.floor, v.name, v.parent, v.version
from ledger.chart c
join ledger.chart_version v on v.account = c.id
where v.version = (select max(n.version) from ledger.chart_version n where n.account = c.id);
