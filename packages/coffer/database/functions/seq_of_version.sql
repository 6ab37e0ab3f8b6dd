-- The seq of the entry that gave an account this version.
create or replace function ledger.seq_of_version(p_book integer, p_account bigint, p_version bigint) returns bigint language sql stable as $$
  select coalesce(
    (select e.seq from ledger.entry e where e.book = p_book and e.debit_account = p_account and e.debit_version = p_version),
    (select e.seq from ledger.entry e where e.book = p_book and e.credit_account = p_account and e.credit_version = p_version))
$$;
