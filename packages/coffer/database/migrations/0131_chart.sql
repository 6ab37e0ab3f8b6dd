-- The chart of accounts: what an account of its own is. Its asset, type and floor never change. An account without a floor exists in every
-- book, like a system account; one with a floor has a home book, like a wallet. In ledger.account their ids begin with @.
create table ledger.chart (
  id       text        primary key collate "C" check (id ~ '^[a-z][a-z0-9_-]*(:[a-z0-9_-]+)*$' and length(id) <= 64),
  asset    integer     not null,
  type     text        not null check (type in ('asset', 'liability', 'equity', 'revenue', 'expense')),
  floor    numeric(38, 0), -- null: unbounded
  added_at timestamptz not null default clock_timestamp()
);

-- What may change about one, in versions. The newest is in force; each is declared in the log of every book.
create table ledger.chart_version (
  account    text        not null collate "C",
  version    integer     not null check (version > 0),
  name       text        not null,
  parent     text        collate "C",
  actor      text        not null collate "C",
  changed_at timestamptz not null default clock_timestamp(),
  primary key (account, version)
);

do $$
declare name text;
begin
  foreach name in array array['chart', 'chart_version'] loop
    execute format('create trigger append_only before update or delete or truncate on ledger.%I for each statement execute function ledger.refuse_change()', name);
    execute format('alter table ledger.%I enable always trigger append_only', name);
  end loop;
end $$;

alter table ledger.declaration
  drop constraint declaration_kind_check,
  add constraint declaration_kind_check check (kind in ('ledger', 'asset', 'epoch', 'account'));
