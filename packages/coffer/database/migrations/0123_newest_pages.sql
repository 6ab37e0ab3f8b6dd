-- Part of balances_of now. The views over accounts are made anew.
drop view if exists public.wallets;
drop view if exists ledger.balance;
drop function if exists ledger.state_at(integer, bigint, bigint);
-- From now on each page of accounts has its row before entries are moved to it. A database that was upgraded has only those that were needed.
insert into ledger.newest (book, page, seqs)
select distinct a.book, (a.number - 1) / 128, array_fill(0::bigint, array[128]) from ledger.account a
on conflict do nothing;
