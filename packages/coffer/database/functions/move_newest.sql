-- Moves ledger.newest along the log of a book, by at most p_most entries; returns how far it is now. Derived from the log alone, so anyone may
-- run it at any time; the row of newest_until lets one do so after another.
create or replace function ledger.move_newest(p_book integer, p_most bigint) returns bigint language plpgsql
security definer set search_path = pg_catalog, pg_temp set enable_hashjoin = on as $$
declare
  from_seq bigint;
  until_seq bigint;
  first_page bigint;
  last_page bigint;
begin
  select u.seq into from_seq from ledger.newest_until u where u.book = p_book for update;
  if from_seq is null then raise exception 'ledger.newest_until has no row of book %; the function rebuild_newest makes it anew', p_book; end if;
  -- From its next entry on: after a lost end of the log, the next epoch begins far beyond.
  until_seq := least(ledger.end_of(p_book), p_most - 1 + (
    select e.seq from ledger.entry e where e.book = p_book and e.seq > from_seq order by e.seq limit 1));
  if until_seq <= from_seq then return from_seq; end if;

  -- Pages of accounts that were opened since: accounts are numbered densely, and so are pages.
  first_page := coalesce((select max(n.page) + 1 from ledger.newest n where n.book = p_book), 0);
  last_page := (select (max(a.number) - 1) / 128 from ledger.account a where a.book = p_book);
  insert into ledger.newest (book, page, seqs)
  select p_book, new.page, array_fill(0::bigint, array[128])
  from generate_series(first_page, last_page) as new (page);

  update ledger.newest n set seqs = ledger.with_seqs(n.seqs, changed.places, changed.seqs)
  from (
    select (newest.account - 1) / 128 as page, array_agg(((newest.account - 1) % 128 + 1)::integer) as places, array_agg(newest.seq) as seqs
    from (
      select side.account, max(side.seq) as seq
      from (
        select e.debit_account as account, e.seq from ledger.entry e where e.book = p_book and e.seq > from_seq and e.seq <= until_seq
        union all
        select e.credit_account, e.seq from ledger.entry e where e.book = p_book and e.seq > from_seq and e.seq <= until_seq
      ) side
      where side.account is not null
      group by side.account
    ) newest
    group by 1
  ) changed
  where n.book = p_book and n.page = changed.page;

  delete from ledger.newest_tail t where t.book = p_book and t.last_seq <= until_seq;
  update ledger.newest_until u set seq = until_seq where u.book = p_book;
  return until_seq;
end $$;
