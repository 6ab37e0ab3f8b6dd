-- Refuses a batch of a book that opens a wallet in a retired asset: its writer decided before it knew. Called under the book's lock, which a
-- retirement takes too.
create or replace function ledger.refuse_retired(p_book integer, p_kind text[], p_asset bigint[]) returns void
language plpgsql as $$
begin
  if exists (
    select 1 from unnest(p_kind, p_asset) as a (kind, asset)
    join ledger.current_asset c on c.id = a.asset
    where a.kind = 'wallet' and c.retired
  ) then
    raise exception 'the batch opens a wallet in a retired asset' using errcode = 'CF002';
  end if;
end $$;
