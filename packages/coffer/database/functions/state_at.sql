-- An account as its newest entry, whose seq is given, leaves it: with its controls from its newest control entry, which has all of them, and,
-- while it has limits, what left it according to the newest entry that counts that. One index probe each.
create or replace function ledger.state_at(p_book integer, p_account bigint, p_seq bigint)
returns table (
  balance numeric, version bigint, seq bigint, recorded_at timestamptz, held numeric, controls json,
  spent_day numeric, spent_month numeric, debited_at timestamptz
) language sql stable as $$
  select case when e.debit_account = p_account then e.debit_after else coalesce(e.credit_after, 0) end,
    case when e.debit_account = p_account then e.debit_version else e.credit_version end,
    e.seq, e.recorded_at,
    coalesce(case when e.debit_account = p_account then e.debit_held else e.credit_held end, 0),
    control.controls, spending.spent_day, spending.spent_month, spending.recorded_at
  from ledger.entry e
  left join lateral (
    select k.controls from ledger.entry k
    where k.book = p_book and k.debit_account = p_account and k.controls is not null order by k.debit_version desc limit 1
  ) control on true
  left join lateral (
    select s.spent_day, s.spent_month, s.recorded_at from ledger.entry s
    where control.controls ->> 'limits' is not null and s.book = p_book and s.debit_account = p_account and s.spent_day is not null
    order by s.debit_version desc limit 1
  ) spending on true
  where e.book = p_book and e.seq = p_seq
$$;
