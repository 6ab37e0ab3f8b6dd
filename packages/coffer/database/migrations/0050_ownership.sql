-- Which process owns which book. Only its owner posts to a book; the others hand their operations over. No clock decides: a lease is held
-- as long as its counter of renewals rises, which each process observes on its own monotonic clock.

create schema ownership;

-- With it, processes prove to each other that they work on this database.
create table ownership.secret (
  one    boolean primary key default true check (one),
  secret bytea   not null check (octet_length(secret) = 32)
);
-- Two random UUIDs: 244 random bits, from PostgreSQL's strong generator.
insert into ownership.secret (secret) values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- The processes that work on this database.
create table ownership.process (
  id      uuid        primary key,
  -- Where it takes operations from others: host:port.
  address text        not null,
  -- Which books it owns: its share; some only while no other process does (a command); or none.
  owns    text        not null check (owns in ('share', 'last', 'none')),
  beats   bigint      not null default 0,
  -- For people, and for removing rows of processes that ended.
  seen_at timestamptz not null default clock_timestamp()
);

create table ownership.lease (
  book     integer     primary key,
  -- Rises with each new owner. The posting function refuses batches of an earlier term.
  term     bigint      not null check (term > 0),
  -- Null: given back.
  process  uuid,
  renewals bigint      not null default 0,
  since    timestamptz not null default clock_timestamp()
);

-- Replaced by one that takes the term.
drop function if exists ledger.post_batch(
  integer, bigint, bytea, bytea, smallint, bigint, integer, bigint, text[], text[],
  bigint[], text[], text[], bigint[], text[], numeric[], bigint[],
  bigint[], text[], bigint[], bigint[], numeric[], numeric[], numeric[], bigint[], bigint[], numeric[],
  bigint[], text[], bytea[], text[], text[], text[],
  numeric[], numeric[], numeric[], timestamptz[], bigint[], numeric[], timestamptz[], bigint[], numeric[], text[], numeric[], numeric[],
  text[], text[], bigint[]
);
