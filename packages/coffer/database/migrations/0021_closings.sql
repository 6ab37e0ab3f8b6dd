-- Finance closes a period: nothing that is recorded from now on may count as having happened before the date. The newest row is in force;
-- an earlier date opens a period again. Not part of a book's log, because it bounds what is accepted, not what was: the dates that the log
-- has stay valid.
create table ledger.closing (
  number    integer     primary key check (number > 0),
  before    timestamptz not null,
  actor     text        not null collate "C",
  reason    text        not null,
  closed_at timestamptz not null default clock_timestamp()
);
create trigger append_only before update or delete or truncate on ledger.closing for each statement execute function ledger.refuse_change();
alter table ledger.closing enable always trigger append_only;
