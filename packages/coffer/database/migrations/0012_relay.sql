-- How far the log of each book has been carried to a broker outside: what lies before it is safe there. Deleting a row carries the book
-- once more from its beginning.
create schema if not exists events;

create table events.relay (
  book     integer     primary key,
  seq      bigint      not null default 0,
  part     integer     not null default 0,
  moved_at timestamptz not null default clock_timestamp()
);
