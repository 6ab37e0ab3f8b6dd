-- The current state of every account: its identity, the state after the newest entry that names it, and its controls from its newest
-- control entry, which has all of them. Three index probes per account.
create or replace view ledger.balance as
select a.book, a.number, a.id, a.kind, a.asset, a.owner,
  (case when control.controls is null then a.floor else (control.controls ->> 'floor')::numeric end)::numeric(38, 0) as floor,
  a.opened_seq, a.opened_at, newest.balance, newest.version, newest.seq, newest.recorded_at,
  newest.held, control.controls, debited.spent_day, debited.spent_month, debited.recorded_at as debited_at
from ledger.account a
left join lateral (
  select e.debit_after as balance, e.debit_version as version, e.seq, e.recorded_at, e.debit_held as held, e.spent_day, e.spent_month
  from ledger.entry e where e.book = a.book and e.debit_account = a.number order by e.debit_version desc limit 1
) debited on true
left join lateral (
  select coalesce(e.credit_after, 0) as balance, e.credit_version as version, e.seq, e.recorded_at, e.credit_held as held
  from ledger.entry e where e.book = a.book and e.credit_account = a.number order by e.credit_version desc limit 1
) credited on true
cross join lateral (
  select side.* from (values
    (debited.balance, debited.version, debited.seq, debited.recorded_at, coalesce(debited.held, 0)),
    (credited.balance, credited.version, credited.seq, credited.recorded_at, coalesce(credited.held, 0))
  ) side (balance, version, seq, recorded_at, held)
  where side.version is not null order by side.version desc limit 1
) newest
left join lateral (
  select e.controls from ledger.entry e
  where e.book = a.book and e.debit_account = a.number and e.controls is not null order by e.debit_version desc limit 1
) control on true;
