-- The audit grows with every request, so its rows cost as little as they can. Three indexes of wallets, actors and operations, and the one of
-- ids, took a third of a row's time and of its log. Two small BRIN indexes take their place: PostgreSQL summarizes a range of blocks once, in
-- the background, when the range is full. Rows are read by ranges of ids, which are dense.
alter table audit.request drop constraint request_pkey;
drop index audit.request_by_operation, audit.request_by_wallet, audit.request_by_actor;

-- The table is cut into parts by id, and a part whose rows are all too old is dropped. Deleted rows make no room for new ones: a row that fills
-- an old block costs ten times as much, because it changes the summary of its range.
alter table audit.request rename to request_0;
alter index audit.request_by_subject rename to request_0_by_subject;
create table audit.request (like audit.request_0 including defaults including constraints) partition by range (id);

create index request_0_by_time on audit.request_0 using brin (id, started_at) with (pages_per_range = 64, autosummarize = on);

-- A range of 32 pages has about 800 rows. Its three filters take about 3 kB, of the 8 kB that an index tuple may have; fewer than 3 in 100
-- ranges are read in vain.
create index request_0_by_content on audit.request_0 using brin (
  id, seq int8_minmax_multi_ops,
  wallet text_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.005),
  actor text_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.005),
  request_id text_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.005)
) with (pages_per_range = 32, autosummarize = on);

-- audit.request has the rows of number n in audit.request_n. The first part is bounded only above.
create table audit.part (
  number     integer     primary key,
  first_id   bigint      not null,
  next_id    bigint      not null,
  created_at timestamptz not null,
  check (first_id < next_id)
);
insert into audit.part (number, first_id, next_id, created_at)
select 0, id + 1, id + 1000001, clock_timestamp() from audit.head where chain = 'request';

do $$ begin
  execute format('alter table audit.request attach partition audit.request_0 for values from (minvalue) to (%s)', (select next_id from audit.part));
end $$;

-- Vacuum also summarizes the ranges that the background worker missed. By default it would wait for a fifth of the table.
alter table audit.request_0 set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000);

-- These use the indexes of the part.
create index request_by_subject on audit.request (subject, id) where subject is not null;
create index request_by_time on audit.request using brin (id, started_at) with (pages_per_range = 64, autosummarize = on);
create index request_by_content on audit.request using brin (
  id, seq int8_minmax_multi_ops,
  wallet text_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.005),
  actor text_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.005),
  request_id text_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.005)
) with (pages_per_range = 32, autosummarize = on);

-- Those of a part guard statements that name the part.
create trigger immutable before update or truncate on audit.request for each statement execute function audit.refuse_update();
create trigger kept before delete on audit.request for each statement execute function audit.refuse_deletion();
alter table audit.request enable always trigger immutable;
alter table audit.request enable always trigger kept;

-- Requests after this row are hashed by call of audit.record, the requests up to it and all changes row by row. Null until the first such
-- call: processes of the earlier version write until the function is replaced.
alter table audit.head add column by_call_after bigint;
