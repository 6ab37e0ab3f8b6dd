-- What may change about an asset, in versions: its name, and whether wallets may still be opened in it. Its code, scale and kind never
-- change; the newest version is in force. Like the asset itself, each version is declared in the log of every book that counts in it.
create table ledger.asset_version (
  asset      integer     not null,
  version    integer     not null check (version > 0),
  -- Any text: assets that were inserted by hand keep their names.
  name       text        not null,
  kind       text        not null check (kind in ('currency', 'crypto', 'virtual', 'other')),
  -- No wallet is opened in it any more; those that exist go on.
  retired    boolean     not null,
  actor      text        not null collate "C",
  changed_at timestamptz not null default clock_timestamp(),
  primary key (asset, version)
);

insert into ledger.asset_version (asset, version, name, kind, retired, actor)
select a.id, 1, a.name,
  case when a.code in ('GOLD', 'POINTS') then 'virtual' when a.code in ('USD', 'EUR') then 'currency' else 'other' end, false, 'coffer'
from ledger.asset a;

create trigger append_only before update or delete or truncate on ledger.asset_version for each statement execute function ledger.refuse_change();
alter table ledger.asset_version enable always trigger append_only;
