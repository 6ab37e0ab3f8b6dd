-- What seals cached pages in Redis: only processes on this database can read or make them.

create schema cache;

create table cache.seal (
  one    boolean primary key default true check (one),
  secret bytea   not null check (octet_length(secret) = 32)
);

-- Two random UUIDs: 244 random bits, from PostgreSQL's strong generator.
insert into cache.seal (secret) values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
