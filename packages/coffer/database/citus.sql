-- Distributes the ledger over the machines of a Citus cluster, each book whole on one of them. Run it by hand once, as the owner, on a
-- migrated database without books, before Coffer's first start with COFFER_BOOKS; `coffer migrate` never runs it.
--
-- Tested on Citus 13.0.3, with a coordinator and two workers, on an early form of these tables: the row lock on the book, the reads of
-- accounts, the look-up of keys and the posting function (distributed by its first argument) each went to one worker. Not tested: this
-- very file, the triggers, the functions that run as their owner, the views, and a migration of tables that are already distributed. Try
-- it on your own cluster before you rely on it. Checked on every change instead: every statement of the posting path names the book
-- (npm run check:books), and no key, reference or sequence spans books (test/ledger/book-keys.test.ts).

-- The triggers that refuse changes read and write nothing, so they may run where the rows are. Some versions of Citus create triggers on
-- the workers in the ordinary state: check afterwards that they are "always" there too.
set citus.enable_unsafe_triggers = on;

-- Few rows, the same for every book.
select create_reference_table('ledger.asset');
select create_reference_table('ledger.asset_version');
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

-- A call runs entirely on the machine of its book, which is its first argument.
select create_distributed_function(p.oid::regprocedure, 'p_book', colocate_with => 'ledger.book')
from pg_proc p
where p.pronamespace = 'ledger'::regnamespace and p.proargnames[1] = 'p_book'
order by p.proname;
select create_distributed_function('ledger.with_seqs(bigint[], integer[], bigint[])');

select tgrelid::regclass as guarded, tgenabled = 'A' as always from pg_trigger where tgname = 'append_only';
