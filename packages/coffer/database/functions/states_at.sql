-- Accounts as their newest entries, whose seqs are given, leave them: with their controls from their newest control entry, which has all of
-- them, and, while they have limits, what left them according to the newest entry that counts that. One index probe each.
create or replace function ledger.states_at(p_book integer, p_accounts bigint[], p_seqs bigint[])
returns table (
  account bigint, balance numeric, version bigint, seq bigint, recorded_at timestamptz, held numeric, controls json,
  spent_day numeric, spent_month numeric, debited_at timestamptz
) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
    select wanted.account,
      case when e.debit_account = wanted.account then e.debit_after when e.seq is not null then coalesce(e.credit_after, 0) end,
      case when e.debit_account = wanted.account then e.debit_version else e.credit_version end,
      e.seq, e.recorded_at,
      case when e.seq is not null then coalesce(case when e.debit_account = wanted.account then e.debit_held else e.credit_held end, 0) end,
      control.controls, spending.spent_day, spending.spent_month, spending.recorded_at
    from unnest(p_accounts, p_seqs) as wanted (account, seq)
    -- Without its entry, which the log always has, an account has nulls, which readers report.
    left join ledger.entry e on e.book = p_book and e.seq = wanted.seq
    left join lateral (
      select k.controls from ledger.entry k
      where k.book = p_book and k.debit_account = wanted.account and k.controls is not null order by k.debit_version desc limit 1
    ) control on true
    left join lateral (
      select s.spent_day, s.spent_month, s.recorded_at from ledger.entry s
      where control.controls ->> 'limits' is not null and s.book = p_book and s.debit_account = wanted.account and s.spent_day is not null
      order by s.debit_version desc limit 1
    ) spending on true;
end $$;
