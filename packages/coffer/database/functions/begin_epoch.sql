-- Begins an epoch of a book whose end was lost: a batch without entries that declares the loss, and whose first seq lies far beyond it.
-- Runs with its caller's rights: only the owner of the ledger may insert. Null: the fence did not hold, and nothing was written.
create or replace function ledger.begin_epoch(
  p_book integer, p_batch_no bigint, p_previous_hash bytea, p_hash bytea, p_format smallint, p_first_seq bigint,
  p_recorded_at_us bigint, p_kind text, p_body text
) returns bigint language plpgsql as $$
begin
  perform 1 from ledger.book b where b.book = p_book for no key update;
  if not exists (
    select 1 from ledger.batch b
    where b.book = p_book and b.batch_no = p_batch_no - 1 and b.hash = p_previous_hash and b.last_seq < p_first_seq
  ) or exists (select 1 from ledger.batch b where b.book = p_book and b.batch_no = p_batch_no) then
    return null;
  end if;
  insert into ledger.batch (book, batch_no, first_seq, last_seq, recorded_at, format, hash)
  values (p_book, p_batch_no, p_first_seq, p_first_seq - 1, timestamptz 'epoch' + p_recorded_at_us * interval '1 microsecond', p_format, p_hash);
  insert into ledger.declaration (book, batch_no, position, kind, body) values (p_book, p_batch_no, 1, p_kind, p_body::json);
  return p_first_seq;
end $$;
