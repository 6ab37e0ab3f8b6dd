-- The version of an account at a position of its book's log: see entry_at. Null for one that was not open.
create or replace function ledger.version_at(p_book integer, p_account bigint, p_seq bigint) returns bigint language plpgsql stable as $$
begin
  return (select e.version from ledger.entry_at(p_book, p_account, p_seq) e);
end $$;
