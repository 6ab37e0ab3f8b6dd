-- The current state of every account: its identity, and the state after its newest entry, which is known up to a position of the log and
-- found in the log after it. For some accounts of a book, ledger.balances_of is faster. For all of them, a session needs hash or merge joins:
-- without both, as Coffer's own connections are, the tail is scanned once for each account.
create or replace view ledger.balance as
select a.book, a.number, a.id, a.kind, a.asset, a.owner,
  case when s.controls is null then a.floor else (s.controls ->> 'floor')::numeric end as floor,
  a.opened_seq, a.opened_at, s.balance, s.version, s.seq, s.recorded_at, s.held, s.controls, s.spent_day, s.spent_month, s.debited_at
from ledger.account a
left join ledger.newest n on n.book = a.book and n.page = (a.number - 1) / 128
left join (
  select side.book, side.account, max(side.seq) as seq
  from (
    select e.book, e.seq, unnest(array[e.debit_account, e.credit_account]) as account
    from ledger.newest_until u join ledger.entry e on e.book = u.book and e.seq > u.seq
  ) side
  where side.account is not null
  group by side.book, side.account
) tail on tail.book = a.book and tail.account = a.number
cross join lateral ledger.states_at(a.book, array[a.number], array[
  coalesce(nullif(greatest(n.seqs[(a.number - 1) % 128 + 1], tail.seq), 0), ledger.newest_indexed(a.book, a.number))]) s;
