-- Makes the newest entries of a book's accounts anew from its log. For the owner of the database, after a change by hand.
create or replace function ledger.rebuild_newest(p_book integer) returns bigint language plpgsql as $$
begin
  -- First, so that it waits for a move that is running, and no other begins.
  insert into ledger.newest_until (book, seq) values (p_book, 0) on conflict (book) do update set seq = 0;
  delete from ledger.newest n where n.book = p_book;
  delete from ledger.newest_tail t where t.book = p_book;
  return ledger.move_newest(p_book, 9000000000000000);
end $$;
