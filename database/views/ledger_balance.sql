-- Every account as it stands: who it is, and what the newest entry that names it says. Two index probes per account.
create or replace view ledger.balance as
select a.book, a.number, a.id, a.kind, a.asset, a.owner, a.floor, a.opened_seq, a.opened_at,
  newest.balance, newest.version, newest.seq, newest.recorded_at
from ledger.account a
cross join lateral (
  select side.* from (
    (select e.debit_after as balance, e.debit_version as version, e.seq, e.recorded_at
     from ledger.entry e where e.book = a.book and e.debit_account = a.number order by e.debit_version desc limit 1)
    union all
    (select coalesce(e.credit_after, 0), e.credit_version, e.seq, e.recorded_at
     from ledger.entry e where e.book = a.book and e.credit_account = a.number order by e.credit_version desc limit 1)
  ) side
  order by side.version desc limit 1
) newest;
