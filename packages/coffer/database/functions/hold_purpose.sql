-- What Coffer noted a hold for, such as a withdrawal; null for an ordinary one. A function, because a cluster that keeps each book on one machine
-- cannot place a subquery that names the book of another row, and a join may be planned as a scan of the whole log.
create or replace function ledger.hold_purpose(p_book integer, p_hold bigint) returns jsonb language plpgsql stable as $$
begin
  return (select h.metadata #> '{coffer,purpose}' from ledger.entry h where h.book = p_book and h.seq = p_hold);
end $$;
