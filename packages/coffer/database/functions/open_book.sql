-- Opens a book with its genesis batch: batch 0, no entries, and a first hash that names the book. Idempotent.
create or replace function ledger.open_book(p_book integer) returns void language plpgsql as $$
begin
  insert into ledger.book (book) values (p_book) on conflict do nothing;
  insert into ledger.batch (book, batch_no, first_seq, last_seq, recorded_at, format, hash)
  values (p_book, 0, 1, 0, date_trunc('milliseconds', clock_timestamp()), 1, sha256(convert_to('coffer book ' || p_book, 'UTF8')))
  on conflict do nothing;
end $$;
