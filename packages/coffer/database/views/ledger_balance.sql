-- The current state of every account: see ledger.balances_of, which is faster for some accounts of a book. The newest entries that
-- ledger.newest does not know are given to it, so that it need not search the tail of the log for each account. For all accounts, a session
-- needs hash or merge joins: without both, as Coffer's own connections are, the tail is scanned once for each account.
create or replace view ledger.balance as
select b.book, b.number, b.id, b.kind, b.asset, b.owner, b.floor, b.opened_seq, b.opened_at, b.balance, b.version, b.seq, b.recorded_at,
  b.held, b.controls, b.spent_day, b.spent_month, b.debited_at
from ledger.account a
left join (
  select side.book, side.account, max(side.seq) as seq
  from (
    select e.book, e.seq, unnest(array[e.debit_account, e.credit_account]) as account
    from ledger.newest_until u join ledger.entry e on e.book = u.book and e.seq > u.seq
  ) side
  where side.account is not null
  group by side.book, side.account
) tail on tail.book = a.book and tail.account = a.number
cross join lateral ledger.balances_of(a.book, array[a.number], 9223372036854775807, array[tail.seq]) b;
