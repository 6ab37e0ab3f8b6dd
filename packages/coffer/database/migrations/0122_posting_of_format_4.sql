-- Replaced by one that takes the seqs of the previous entries.
drop function if exists ledger.post_batch(
  integer, bigint, bytea, bytea, smallint, bigint, integer, bigint, bigint, text[], text[],
  bigint[], text[], text[], bigint[], text[], numeric[], bigint[],
  bigint[], text[], bigint[], bigint[], numeric[], numeric[], numeric[], bigint[], bigint[], numeric[],
  bigint[], text[], bytea[], text[], text[], text[],
  numeric[], numeric[], numeric[], timestamptz[], bigint[], numeric[], timestamptz[], bigint[], numeric[], text[], numeric[], numeric[],
  text[], text[], bigint[]
);
drop function if exists ledger.seq_of_version(integer, bigint, bigint);
-- The views over accounts are made anew, with other types.
drop view if exists public.wallets;
drop view if exists ledger.balance;
-- Only now: until here an earlier version may have posted, while the indexes were built, without rows of newest_tail. All of its entries are in
-- the indexes.
insert into ledger.newest_until (book, seq)
select k.book, (select max(b.last_seq) from ledger.batch b where b.book = k.book) from ledger.book k;
