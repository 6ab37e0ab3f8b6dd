-- Chain format 3: the ledger's identity, what each book declares, and of each entry its actor.

-- The identity of this ledger: random, made once, in the first hash of each new book.
create table ledger.identity (
  one        boolean     primary key default true check (one),
  id         uuid        not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp()
);
insert into ledger.identity default values;

-- What a batch declares beside its entries, and so puts into the chain: the ledger that a book of an older format belongs to, an asset as
-- the book counts it, the beginning of an epoch after an accepted loss.
create table ledger.declaration (
  book     integer not null,
  batch_no bigint  not null,
  position integer not null check (position > 0),
  kind     text    not null check (kind in ('ledger', 'asset', 'epoch')),
  body     json    not null,
  primary key (book, batch_no, position)
);

alter table ledger.entry
  add column actor    text collate "C",
  add column approver text collate "C",
  -- The place of a posting among several of one operation.
  add column leg      bigint check (leg > 0);

do $$
declare name text;
begin
  foreach name in array array['identity', 'declaration', 'asset'] loop
    execute format('create trigger append_only before update or delete or truncate on ledger.%I for each statement execute function ledger.refuse_change()', name);
    execute format('alter table ledger.%I enable always trigger append_only', name);
  end loop;
end $$;

-- Replaced by one that takes declarations and the new columns.
drop function if exists ledger.post_batch(
  integer, bigint, bytea, bytea, smallint, bigint, integer, bigint,
  bigint[], text[], text[], bigint[], text[], numeric[], bigint[],
  bigint[], text[], bigint[], bigint[], numeric[], numeric[], numeric[], bigint[], bigint[], numeric[],
  bigint[], text[], bytea[], text[], text[], text[],
  numeric[], numeric[], numeric[], timestamptz[], bigint[], numeric[], timestamptz[], bigint[], numeric[], text[], numeric[], numeric[]
);
