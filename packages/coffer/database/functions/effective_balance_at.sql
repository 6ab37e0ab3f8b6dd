-- An account's balance by effective date: the balance by recorded date at that moment, plus entries recorded later with an earlier
-- effective date, minus entries recorded earlier with a later one. Null for an account that was not open yet and has no such entries.
create or replace function ledger.effective_balance_at(p_book integer, p_account bigint, p_at timestamptz) returns numeric language plpgsql stable as $$
declare
  at_seq constant bigint := ledger.seq_at(p_book, p_at);
  recorded constant numeric := (select b.balance from ledger.balance_at(p_book, p_account, at_seq) b);
  correction constant numeric := (
    select sum(case when (moved.seq > at_seq) = (moved.effective_at <= p_at) then case when moved.seq > at_seq then moved.amount else -moved.amount end end)
    from (
      select e.seq, e.effective_at, e.amount from ledger.entry e
      where e.book = p_book and e.credit_account = p_account and e.effective_at is not null
      union all
      select e.seq, e.effective_at, -e.amount from ledger.entry e
      where e.book = p_book and e.debit_account = p_account and e.effective_at is not null
    ) moved);
begin
  if recorded is null and correction is null then return null; end if;
  return coalesce(recorded, 0) + coalesce(correction, 0);
end $$;
