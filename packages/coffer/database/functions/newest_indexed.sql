-- The seq of an account's newest entry in the indexes: its newest of all, if it has none since entries name the previous one.
create or replace function ledger.newest_indexed(p_book integer, p_account bigint) returns bigint language plpgsql stable as $$
begin
  return (
    select side.seq from (
      (select e.seq, e.debit_version as version from ledger.entry e
       where e.book = p_book and e.debit_account = p_account and (e.debit_previous is null or e.debit_version % 256 = 0)
       order by e.debit_version desc limit 1)
      union all
      (select e.seq, e.credit_version from ledger.entry e
       where e.book = p_book and e.credit_account = p_account and (e.credit_previous is null or e.credit_version % 256 = 0)
       order by e.credit_version desc limit 1)
    ) side order by side.version desc limit 1);
end $$;
