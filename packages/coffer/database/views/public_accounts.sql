-- Views for queries by hand: the accounts, their owners and their balances, under three names that join. Nothing in Coffer reads them.
-- The treasury, and everyone who can own a wallet.
create or replace view public.accounts as
select account.id, account.account_type, account.user_id, account.name
from (
  select 1::bigint as id, 'system' as account_type, null::uuid as user_id, 'Treasury' as name
  union all
  select u.number, 'user', u.id, u.name from identity.users u where u.status = 'active' and u.deleted_at is null
) account
order by account.id;

create or replace view public.asset_types as
select id, name, code, scale from ledger.current_asset order by id;

-- One row per account and asset. A system account exists once per book, so the treasury's row is the sum.
create or replace view public.wallets as
select 1::bigint as account_id, b.asset as asset_type_id, sum(b.balance)::numeric(50, 0) as balance
from ledger.balance b
where b.kind = 'treasury'
group by b.asset
union all
select u.number, b.asset, b.balance
from ledger.balance b
join identity.users u on u.id::text = b.owner
where b.kind = 'wallet';
