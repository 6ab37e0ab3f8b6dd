-- The seq of an account's entry with a version, if the indexes have it: an entry that does not name the previous one, or a multiple of 256.
create or replace function ledger.seq_of_indexed(p_book integer, p_account bigint, p_version bigint) returns bigint language plpgsql stable as $$
begin
  return coalesce(
    (select e.seq from ledger.entry e where e.book = p_book and e.debit_account = p_account and e.debit_version = p_version
       and (e.debit_previous is null or e.debit_version % 256 = 0)),
    (select e.seq from ledger.entry e where e.book = p_book and e.credit_account = p_account and e.credit_version = p_version
       and (e.credit_previous is null or e.credit_version % 256 = 0)));
end $$;
