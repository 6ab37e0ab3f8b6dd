-- The newest entry of an account at a position of its book's log: its seq and the version it gave the account, which is 0 for an account
-- that was only opened by then; no row for one that was not. A binary search among the indexed versions, because versions rise with seq,
-- and then along the entries: twelve probes and at most 255 steps for a million entries.
create or replace function ledger.entry_at(p_book integer, p_account bigint, p_seq bigint)
returns table (seq bigint, version bigint) language plpgsql stable as $$
#variable_conflict use_column
declare
  newest bigint;
  newest_version bigint;
  low bigint := 0;
  high bigint;
  middle bigint;
begin
  newest := (select n.seq from ledger.newest_of(p_book, array[p_account], 0, null) n);
  if newest is null then return; end if;
  select case when e.debit_account = p_account then e.debit_version else e.credit_version end into newest_version
  from ledger.entry e where e.book = p_book and e.seq = newest;
  if newest <= p_seq then return query select newest, newest_version; return; end if;

  -- The first multiple of 256 whose entry comes after the position. No entry has one beyond the newest version.
  high := newest_version / 256 + 1;
  while low + 1 < high loop
    middle := (low + high) / 2;
    if ledger.seq_of_indexed(p_book, p_account, middle * 256) > p_seq then high := middle; else low := middle; end if;
  end loop;
  return query
    select x.seq, x.version
    from ledger.account_entries(p_book, p_account, case when high * 256 <= newest_version then high * 256 end, 0, 257) x
    where x.seq <= p_seq order by x.version desc limit 1;
end $$;
