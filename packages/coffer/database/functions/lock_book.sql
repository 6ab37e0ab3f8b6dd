-- Locks a book until the transaction ends: a row lock, which needs more rights than the writer has. A new owner takes it before its term
-- begins, and so waits for the batch that is being committed.
create or replace function ledger.lock_book(p_book integer) returns void language plpgsql
security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform 1 from ledger.book b where b.book = p_book for no key update;
end $$;
