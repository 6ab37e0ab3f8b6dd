-- What staff, services and the command line changed outside the ledger: users' rights, keys, webhooks, rules, decisions. Written in the
-- transaction of the change itself, so there is no change without its row; chained like audit.request, and never deleted. Without secrets
-- and without personal text.
create table audit.change (
  id         bigint      primary key,
  kind       text        not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  -- What was changed: the id of a user, a key, a webhook …
  subject    text        not null,
  before     json,
  after      json,
  -- As logs name callers; `cli:<account>` at the command line.
  actor      text        not null,
  -- The request in audit.request, if there was one.
  request_id text,
  at         timestamptz not null,
  hash       bytea       not null check (octet_length(hash) = 32)
);
create index change_by_subject on audit.change (subject, id desc);
create trigger immutable before update or delete or truncate on audit.change for each statement execute function refuse_change();
alter table audit.change enable always trigger immutable;
