-- An account's balance at a position of its book's log; no row if it was not open yet.
create or replace function ledger.balance_at(p_book integer, p_account bigint, p_seq bigint)
returns table (balance numeric, held numeric, version bigint) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
    select case when e.debit_account = p_account then e.debit_after else coalesce(e.credit_after, 0) end,
      coalesce(case when e.debit_account = p_account then e.debit_held else e.credit_held end, 0), past.version
    from ledger.entry_at(p_book, p_account, p_seq) past
    join ledger.entry e on e.book = p_book and e.seq = past.seq;
end $$;
