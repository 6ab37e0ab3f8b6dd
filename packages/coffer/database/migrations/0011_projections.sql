-- What follows the event log: how far each reader of it is, and what it made of it. All of it can be thrown away and made again from
-- the log, so nothing here is guarded as the ledger is.
create schema if not exists events;
create schema if not exists projections;
create schema if not exists insights;

-- The queue of the built-in broker is a position in the log of each book. What lies before it was handled, or stands below.
create table events.position (
  queue text    not null,
  book  integer not null,
  seq   bigint  not null default 0,
  part  integer not null default 0,
  primary key (queue, book)
);

-- Events that failed and are delivered again. `previous_…` is the place of the event before, as it is delivered with it.
create table events.redelivery (
  queue         text        not null,
  book          integer     not null,
  seq           bigint      not null,
  part          integer     not null,
  previous_seq  bigint,
  previous_part integer,
  deliveries    integer     not null check (deliveries >= 0),
  next_at       timestamptz not null,
  primary key (queue, book, seq, part)
);

-- Events that were given up. They stay until somebody replays or drops them.
create table events.dead_letter (
  id            bigint      primary key generated always as identity,
  queue         text        not null,
  book          integer     not null,
  seq           bigint      not null,
  part          integer     not null,
  previous_seq  bigint,
  previous_part integer,
  event_id      text        not null,
  event_type    text        not null,
  wallet        text        not null,
  body          text        not null,
  reason        text        not null,
  deliveries    integer     not null,
  died_at       timestamptz not null default clock_timestamp(),
  unique (queue, book, seq, part)
);

-- What readers of a projection look at, and what is being built beside it.
create table projections.projection (
  name                text    primary key,
  active_generation   integer not null,
  building_generation integer,
  last_generation     integer not null
);

-- How far a generation is in each book. The row is locked, and moved, by the transaction that applies the events.
create table projections.progress (
  projection text    not null,
  generation integer not null,
  book       integer not null,
  seq        bigint  not null default 0,
  part       integer not null default 0,
  -- How many events were applied.
  applied    bigint  not null default 0,
  primary key (projection, generation, book)
);

-- Events before the mark that could not be applied: the others flowed on.
create table projections.set_aside (
  projection text        not null,
  generation integer     not null,
  book       integer     not null,
  seq        bigint      not null,
  part       integer     not null,
  error      text        not null,
  tries      integer     not null,
  since      timestamptz not null default clock_timestamp(),
  primary key (projection, generation, book, seq, part)
);

-- What each wallet did since its opening, in minor units of its asset.
create table insights.wallet_stats (
  generation       integer        not null,
  book             integer        not null,
  wallet           text collate "C" not null,
  deposited        numeric(50, 0) not null default 0,
  withdrawn        numeric(50, 0) not null default 0,
  topped_up        numeric(50, 0) not null default 0,
  spent            numeric(50, 0) not null default 0,
  issued           numeric(50, 0) not null default 0,
  transferred_in   numeric(50, 0) not null default 0,
  transferred_out  numeric(50, 0) not null default 0,
  captured_in      numeric(50, 0) not null default 0,
  captured_out     numeric(50, 0) not null default 0,
  reversed_in      numeric(50, 0) not null default 0,
  reversed_out     numeric(50, 0) not null default 0,
  swept_in         numeric(50, 0) not null default 0,
  swept_out        numeric(50, 0) not null default 0,
  postings         bigint         not null default 0,
  -- The wallet's version after the newest entry that is in here: what is newer is added from the log when somebody asks.
  version          bigint         not null default 0,
  last_activity_at timestamptz,
  last_seq         bigint         not null default 0,
  primary key (generation, book, wallet)
) with (fillfactor = 80);
