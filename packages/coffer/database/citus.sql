-- Distributes the ledger over the machines of a Citus cluster, each book whole on one of them. Run it by hand once, as a superuser, on a
-- migrated database without books, before Coffer's first start with COFFER_BOOKS; `coffer migrate` never runs it. See docs/operating/citus.md.
--
-- Tried on Citus 13.2 and PostgreSQL 17 with a coordinator and two workers; docs/operating/citus.md says what was tested and what was not.

-- A machine connects to the others as the role that a statement runs as, so the roles must be able to log in. They have no password: let
-- pg_hba.conf admit them from the machines of the cluster only, by certificate or a password in pg_dist_authinfo.
alter role coffer_migrator login;
alter role coffer_writer login;
alter role coffer_reader login;

-- Statements of one book call functions that read the same book, so what they read is on the machine where they run.
alter role coffer_migrator set citus.allow_nested_distributed_execution = on;
alter role coffer_writer set citus.allow_nested_distributed_execution = on;
alter role coffer_reader set citus.allow_nested_distributed_execution = on;

-- The triggers that refuse changes read and write nothing, so they may run where the rows are.
set citus.enable_unsafe_triggers = on;

-- Few rows, the same for every book.
select create_reference_table('ledger.asset');
select create_reference_table('ledger.asset_version');
select create_reference_table('ledger.chart');
select create_reference_table('ledger.chart_version');
select create_reference_table('ledger.identity');
select create_reference_table('ledger.closing');

select create_distributed_table('ledger.book', 'book', shard_count => 64);
select create_distributed_table('ledger.batch', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.shared_keys', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.declaration', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.account', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.entry', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.newest', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.newest_until', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.newest_tail', 'book', colocate_with => 'ledger.book');
-- Which process posts to a book is checked in the transaction that posts.
select create_distributed_table('ownership.lease', 'book', colocate_with => 'ledger.book');

-- A call runs entirely on the machine of its book, which is its first argument.
select create_distributed_function(p.oid::regprocedure, 'p_book', colocate_with => 'ledger.book')
from pg_proc p
where p.pronamespace in ('ledger'::regnamespace, 'ownership'::regnamespace) and p.proargnames[1] = 'p_book'
order by p.proname;

select tgrelid::regclass as guarded, tgenabled = 'A' as always from pg_trigger where tgname = 'append_only';
