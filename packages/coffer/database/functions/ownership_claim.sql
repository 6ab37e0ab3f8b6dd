-- Takes a book for a process if its lease is still as the process saw it (p_seen_term 0: there was none); returns the new term. Null: another
-- process was faster, or the owner renewed. Waits for the batch that is being committed.
create or replace function ownership.claim(p_book integer, p_process uuid, p_seen_term bigint, p_seen_renewals bigint, p_seen_process uuid)
returns bigint language plpgsql as $$
declare
  new_term bigint;
begin
  perform ledger.lock_book(p_book);
  insert into ownership.lease as l (book, term, process, since) values (p_book, 1, p_process, clock_timestamp())
  on conflict (book) do update set term = l.term + 1, process = excluded.process, renewals = 0, since = excluded.since
  where l.term = p_seen_term and l.renewals = p_seen_renewals and l.process is not distinct from p_seen_process
  returning l.term into new_term;
  return new_term;
end $$;
