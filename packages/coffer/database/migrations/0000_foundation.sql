-- Rules for the files of this folder:
--   NNNN_name.sql, applied once, in the order of their numbers, each in a transaction of its own (so no "create index concurrently").
--   A file that any database has seen never changes again: its checksum is recorded, and a changed one is refused by name.
--   Tables, types, triggers and roles are made here; functions and views live in ../functions and ../views as "create or replace",
--   which are applied again whenever one of them changes. A trigger that needs a function makes it here.
--   Each context makes its own tables and reads no other's.

-- Guards what is only ever inserted. Per table:
--   create trigger immutable before update or delete or truncate on T for each statement execute function refuse_change();
--   alter table T enable always trigger immutable;   -- also on replicas and under session_replication_role = replica
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is immutable: % is not allowed', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;

-- Nobody but the owner makes objects here (a PostgreSQL upgraded from before 15 still lets everyone).
revoke create on schema public from public;
