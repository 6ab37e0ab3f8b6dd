-- The entries of an account by version, newest first: from p_from (null: the newest) down to p_down_to, at most p_limit (null: all of them).
-- Starts at the first indexed version from p_from on, or at the newest entry, and follows each entry to the previous one.
create or replace function ledger.account_entries(p_book integer, p_account bigint, p_from bigint, p_down_to bigint, p_limit integer)
returns table (seq bigint, version bigint, is_debit boolean) language plpgsql stable as $$
#variable_conflict use_column
declare
  at bigint := (
    select side.seq from (
      (select e.seq, e.debit_version as version from ledger.entry e
       where e.book = p_book and e.debit_account = p_account and e.debit_version >= p_from
         and (e.debit_previous is null or e.debit_version % 256 = 0)
       order by e.debit_version limit 1)
      union all
      (select e.seq, e.credit_version from ledger.entry e
       where e.book = p_book and e.credit_account = p_account and e.credit_version >= p_from
         and (e.credit_previous is null or e.credit_version % 256 = 0)
       order by e.credit_version limit 1)
    ) side order by side.version limit 1);
  previous bigint;
  returned integer := 0;
begin
  at := coalesce(at, (select n.seq from ledger.newest_of(p_book, array[p_account], 0, null) n));
  while at is not null and returned < coalesce(p_limit, 2147483647) loop
    seq := at;
    select e.debit_account is not distinct from p_account,
      case when e.debit_account = p_account then e.debit_version else e.credit_version end,
      case when e.debit_account = p_account then e.debit_previous else e.credit_previous end
    into is_debit, version, previous
    from ledger.entry e where e.book = p_book and e.seq = at;
    exit when version < p_down_to;
    if p_from is null or version <= p_from then
      return next;
      returned := returned + 1;
    end if;
    exit when version = 0;
    at := coalesce(previous, ledger.seq_of_indexed(p_book, p_account, version - 1));
  end loop;
end $$;
