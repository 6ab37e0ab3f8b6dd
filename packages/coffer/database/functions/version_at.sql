-- The version of an account at a position of its book's log, which is that of its newest entry with a seq up to p_seq. 0 for an account
-- that was only opened by then, null for one that was not. A binary search by version, because versions rise with seq and only they are
-- indexed: twenty steps for a million entries, and no additional index to maintain on each posting.
create or replace function ledger.version_at(p_book integer, p_account bigint, p_seq bigint) returns bigint language plpgsql stable as $$
declare
  low bigint := 0;
  high bigint;
  middle bigint;
begin
  select b.version into high from ledger.balance b where b.book = p_book and b.number = p_account and b.opened_seq <= p_seq;
  while low < high loop
    middle := (low + high + 1) / 2;
    if ledger.seq_of_version(p_book, p_account, middle) <= p_seq then low := middle; else high := middle - 1; end if;
  end loop;
  return case when high is null then null else low end;
end $$;
