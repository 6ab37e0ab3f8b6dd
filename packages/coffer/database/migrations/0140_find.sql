-- What the log's operations and wallets are found by: a projection, filled by the worker and rebuilt with `coffer rebuild find`. Answers
-- are read from the log; these tables only say where.
create schema if not exists find;

-- A row for each operation. `terms` has a number for each thing that a filter can name: a kind, a wallet, an owner, a property of the
-- metadata, a word. Its upper bits say in which 32,768 entries of which book the operation is (src/find/terms.ts). So the index grows at its
-- end although wallets and keys come in any order, and a search reads it newest first and stops when the page is full.
create table find.operation (
  generation integer  not null,
  book       integer  not null,
  seq        bigint   not null,
  terms      bigint[] not null,
  amount     numeric(38, 0),
  primary key (generation, book, seq)
);
-- The worker writes hundreds of rows at a time: the list of waiting rows pays for that, and a short one costs a search little.
create index operation_by_terms on find.operation using gin (terms) with (fastupdate = on, gin_pending_list_limit = 64);

-- The state of each wallet after its newest entry that the projection has read.
create table find.wallet (
  generation       integer          not null,
  book             integer          not null,
  number           bigint           not null,
  id               text collate "C" not null,
  owner            text collate "C",
  asset            integer          not null,
  balance          numeric(50, 0)   not null,
  version          bigint           not null,
  state            text             not null default 'active' check (state in ('active', 'frozen', 'closed')),
  -- The version that set the state; 0: its opening.
  state_version    bigint           not null default 0,
  last_activity_at timestamptz      not null,
  primary key (generation, book, number)
) with (fillfactor = 80);
create index wallet_by_activity on find.wallet (generation, asset, last_activity_at, book, number);
create index wallet_by_balance on find.wallet (generation, asset, balance, book, number);
create index wallet_by_state on find.wallet (generation, state, last_activity_at, book, number) where state <> 'active';
