-- An account's balance at a position of its book's log; no row if it was not open yet.
create or replace function ledger.balance_at(p_book integer, p_account bigint, p_seq bigint)
returns table (balance numeric, held numeric, version bigint) language plpgsql stable as $$
declare
  at_version constant bigint := ledger.version_at(p_book, p_account, p_seq);
begin
  if at_version is null then return; end if;
  return query
    select e.debit_after, coalesce(e.debit_held, 0), e.debit_version
    from ledger.entry e where e.book = p_book and e.debit_account = p_account and e.debit_version = at_version
    union all
    select coalesce(e.credit_after, 0), coalesce(e.credit_held, 0), e.credit_version
    from ledger.entry e where e.book = p_book and e.credit_account = p_account and e.credit_version = at_version;
end $$;
