-- Some accounts of a book, as their newest entries leave them; see newest_of for what the caller knows. An account's controls are in its newest
-- control entry, which has all of them; while it has limits, the newest entry that counts it says what left it. One index probe each.
create or replace function ledger.balances_of(p_book integer, p_accounts bigint[], p_known_until bigint, p_known bigint[])
returns table (
  book integer, number bigint, id text, kind ledger.account_kind, asset integer, owner text, floor numeric, opened_seq bigint,
  opened_at timestamptz, balance numeric, version bigint, seq bigint, recorded_at timestamptz, held numeric, controls json,
  spent_day numeric, spent_month numeric, debited_at timestamptz
) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
    select a.book, a.number, a.id, a.kind, a.asset, a.owner,
      case when control.controls is null then a.floor else (control.controls ->> 'floor')::numeric end,
      a.opened_seq, a.opened_at,
      -- An account always has a newest entry in the log; without one its row has nulls, which readers report, and is not missing.
      case when e.debit_account = n.account then e.debit_after when e.seq is not null then coalesce(e.credit_after, 0) end,
      case when e.debit_account = n.account then e.debit_version else e.credit_version end,
      e.seq, e.recorded_at,
      case when e.seq is not null then coalesce(case when e.debit_account = n.account then e.debit_held else e.credit_held end, 0) end,
      control.controls, spending.spent_day, spending.spent_month, spending.recorded_at
    from ledger.newest_of(p_book, p_accounts, p_known_until, p_known) n
    join ledger.account a on a.book = p_book and a.number = n.account
    left join ledger.entry e on e.book = p_book and e.seq = n.seq
    left join lateral (
      select k.controls from ledger.entry k
      where k.book = p_book and k.debit_account = n.account and k.controls is not null order by k.debit_version desc limit 1
    ) control on true
    left join lateral (
      select s.spent_day, s.spent_month, s.recorded_at from ledger.entry s
      where control.controls ->> 'limits' is not null and s.book = p_book and s.debit_account = n.account and s.spent_day is not null
      order by s.debit_version desc limit 1
    ) spending on true;
end $$;
