-- Since here, the log stores an idempotency key with the kind of principal that sent it. For each book, the end of the log that has keys
-- without it: they are found by whoever recorded them. A new book has no row.
create table ledger.shared_keys (
  book      integer primary key,
  until_seq bigint  not null
);
insert into ledger.shared_keys (book, until_seq)
select b.book, b.last_seq from ledger.batch b
where b.last_seq > 0 and b.batch_no = (select max(n.batch_no) from ledger.batch n where n.book = b.book);
create trigger append_only before update or delete or truncate on ledger.shared_keys for each statement execute function ledger.refuse_change();
alter table ledger.shared_keys enable always trigger append_only;
