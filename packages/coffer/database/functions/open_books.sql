-- Opens the books 1 to p_count of an empty ledger, all or none; a ledger that has books keeps them. Returns how many there are. If two
-- processes start concurrently with different numbers, the first one wins.
create or replace function ledger.open_books(p_count integer) returns integer language plpgsql
security definer set search_path = pg_catalog, pg_temp as $$
begin
  lock table ledger.book in share row exclusive mode;
  if not exists (select 1 from ledger.book) then
    perform ledger.open_book(number) from generate_series(1, p_count) number;
  end if;
  return (select count(*) from ledger.book);
end $$;
