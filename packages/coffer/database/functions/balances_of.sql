-- The rows of the view ledger.balance of some accounts: see there, and newest_of for what the caller knows.
create or replace function ledger.balances_of(p_book integer, p_accounts bigint[], p_known_until bigint, p_known bigint[])
returns table (
  book integer, number bigint, id text, kind ledger.account_kind, asset integer, owner text, floor numeric, opened_seq bigint,
  opened_at timestamptz, balance numeric, version bigint, seq bigint, recorded_at timestamptz, held numeric, controls json,
  spent_day numeric, spent_month numeric, debited_at timestamptz
) language plpgsql stable as $$
#variable_conflict use_column
declare
  numbers bigint[];
  seqs bigint[];
begin
  select array_agg(n.account), array_agg(n.seq) into numbers, seqs from ledger.newest_of(p_book, p_accounts, p_known_until, p_known) n;
  return query
    select a.book, a.number, a.id, a.kind, a.asset, a.owner,
      case when s.controls is null then a.floor else (s.controls ->> 'floor')::numeric end,
      a.opened_seq, a.opened_at, s.balance, s.version, s.seq, s.recorded_at, s.held, s.controls, s.spent_day, s.spent_month, s.debited_at
    from ledger.states_at(p_book, numbers, seqs) s join ledger.account a on a.book = p_book and a.number = s.account;
end $$;
