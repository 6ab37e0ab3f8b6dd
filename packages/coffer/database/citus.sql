-- Spreads the ledger over the machines of a Citus cluster, each book whole on one of them. Run by hand as the owner, once, on a
-- migrated database without books, before Coffer's first start with COFFER_BOOKS; `coffer migrate` never runs it.
--
-- What was tried: on Citus 13.0.3, with a coordinator and two workers, an early form of these tables; the row lock on the book, the
-- reading of accounts, the look-up of keys and the posting function (distributed by its first argument) each went to one worker.
-- What was not: this very file, the triggers, the functions that run as their owner, the views, and a migration of tables that are
-- distributed already. Try it on a cluster of your own before anything rests on it. What is proved on every change instead: no
-- statement of the posting path leaves the book out (npm run check:books), and no key, reference or sequence spans books
-- (test/ledger/book-keys.test.ts).

-- The triggers that refuse changes read and write nothing, so they may run where the rows are. Some versions of Citus make triggers on
-- the workers in their ordinary state: see afterwards that they are "always" there too.
set citus.enable_unsafe_triggers = on;

-- Few rows, the same for every book, changed by migrations only.
select create_reference_table('ledger.asset');

select create_distributed_table('ledger.book', 'book', shard_count => 64);
select create_distributed_table('ledger.batch', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.account', 'book', colocate_with => 'ledger.book');
select create_distributed_table('ledger.entry', 'book', colocate_with => 'ledger.book');

-- A call goes to the machine of its book, which is its first argument, and all it does happens there.
select create_distributed_function(p.oid::regprocedure, 'p_book', colocate_with => 'ledger.book')
from pg_proc p
where p.pronamespace = 'ledger'::regnamespace and p.proargnames[1] = 'p_book'
order by p.proname;

select tgrelid::regclass as guarded, tgenabled = 'A' as always from pg_trigger where tgname = 'append_only';
