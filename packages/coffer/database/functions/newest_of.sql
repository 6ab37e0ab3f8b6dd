-- The seqs of the newest entries of accounts, as of the snapshot of the caller's query: the greatest of what ledger.newest says, what the
-- log after it says, and what the caller knows. A caller that knows every entry up to p_known_until gives the newest of each account since
-- ledger.newest was moved, in the order of p_accounts (null or absent: none), and spares the search of that part of the log.
create or replace function ledger.newest_of(p_book integer, p_accounts bigint[], p_known_until bigint, p_known bigint[])
returns table (account bigint, seq bigint) language plpgsql stable as $$
declare
  tail_after constant bigint := greatest(p_known_until, (select u.seq from ledger.newest_until u where u.book = p_book));
begin
  return query
    select wanted.account, coalesce(
      nullif(greatest(wanted.known, n.seqs[(wanted.account - 1) % 128 + 1], tail.seq), 0),
      ledger.newest_indexed(p_book, wanted.account))
    from unnest(p_accounts, p_known) as wanted (account, known)
    left join ledger.newest n on n.book = p_book and n.page = (wanted.account - 1) / 128
    left join lateral (
      select (
        select max(e.seq) from ledger.entry e
        where e.book = p_book and e.seq between t.first_seq and t.last_seq and wanted.account in (e.debit_account, e.credit_account)) as seq
      from ledger.newest_tail t
      where t.book = p_book and t.last_seq > tail_after and t.accounts[width_bucket(wanted.account, t.accounts)] = wanted.account
      order by t.last_seq desc limit 1
    ) tail on true
    where wanted.account is not null;
end $$;
