-- The end of a book's log at a moment: the last seq recorded by then, 0 before the first.
create or replace function ledger.seq_at(p_book integer, p_at timestamptz) returns bigint language plpgsql stable as $$
begin
  return coalesce((
    select b.last_seq from ledger.batch b where b.book = p_book and b.recorded_at <= p_at
    order by b.recorded_at desc, b.batch_no desc limit 1), 0);
end $$;
