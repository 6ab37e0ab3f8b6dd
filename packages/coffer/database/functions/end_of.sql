-- The end of a book's log: its last seq.
create or replace function ledger.end_of(p_book integer) returns bigint language plpgsql stable as $$
begin
  return (select b.last_seq from ledger.batch b where b.book = p_book order by b.batch_no desc limit 1);
end $$;
