-- An account's entries are found along the log itself: each entry names the previous one of both its accounts. The two indexes by account
-- were two thirds of the cost of posting and all of its growth (14 µs and 1 kB of WAL a transfer in an empty log, 42 µs and 9.6 kB with
-- twenty million entries). What is left to know is each account's newest entry, which is kept apart and behind the log.
alter table ledger.entry
  -- The seq of the account's entry before this one; null in an opening, and in entries older than chain format 4.
  add column debit_previous  bigint,
  add column credit_previous bigint;

-- The seq of each account's newest entry, up to a position of the log: 128 accounts a row, in the order of their numbers; 0: not known here.
-- Moving 131,072 entries on costs 5 µs and 65 bytes of WAL an entry; a row for each account would cost 32 µs and 290 bytes.
create table ledger.newest (
  book integer  not null,
  page bigint   not null check (page >= 0),
  seqs bigint[] not null check (cardinality(seqs) = 128),
  primary key (book, page)
) with (fillfactor = 50);

-- How far that is, for each book. What is newer is found through newest_tail.
create table ledger.newest_until (
  book integer primary key,
  seq  bigint  not null
);

-- The accounts that each batch after it names, in order, so that a reader finds the newest of them by a binary search of each batch: 0.5 ms
-- in a tail of 131,072 entries, of which a scan takes 43 ms. A row of 250 transfers has 4 kB, which stay in it, not compressed.
create table ledger.newest_tail (
  book      integer  not null,
  last_seq  bigint   not null,
  first_seq bigint   not null,
  accounts  bigint[] not null,
  primary key (book, last_seq)
) with (toast_tuple_target = 8160);
