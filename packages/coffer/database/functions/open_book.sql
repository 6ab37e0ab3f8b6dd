-- Opens a book with its genesis batch: batch 0, no entries, and a first hash that names the ledger, the book and when it was opened.
-- Idempotent.
create or replace function ledger.open_book(p_book integer) returns void language plpgsql as $$
begin
  insert into ledger.book (book, created_at) values (p_book, date_trunc('milliseconds', clock_timestamp())) on conflict do nothing;
  insert into ledger.batch (book, batch_no, first_seq, last_seq, recorded_at, format, hash)
  select p_book, 0, 1, 0, b.created_at, 3,
    sha256(convert_to(format('coffer ledger %s book %s opened %s', i.id, p_book, (extract(epoch from b.created_at) * 1000000)::bigint), 'UTF8'))
  from ledger.identity i, ledger.book b where b.book = p_book
  on conflict do nothing;
  insert into ledger.newest_until (book, seq) values (p_book, 0) on conflict do nothing;
end $$;
