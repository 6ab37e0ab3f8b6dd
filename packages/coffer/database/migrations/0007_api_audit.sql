-- What was asked of the API: one row per request that may change something, whoever sent it and whatever became of it.
-- Every text here may come from a stranger: it is cut to size, secrets are taken out, and nothing of it is ever interpreted.
create schema audit;

create table audit.request (
  id              bigint      primary key generated always as identity,
  -- What the answer carried as X-Request-Id. A caller may use one name for several requests.
  request_id      text        not null,
  transport       text        not null check (transport in ('http', 'grpc')),
  -- POST, PUT, PATCH or DELETE; for gRPC the full name of the call is the url.
  method          text        not null,
  url             text        not null,
  -- As the API's contract calls it; null for a path that does not exist.
  operation       text,
  -- JSON text; cut when it is long, and then no valid JSON.
  body            text,
  headers         text        not null,
  client_ip       text,
  actor           text        not null,
  started_at      timestamptz not null,
  -- The HTTP status, or the number of the gRPC status; null when the caller left before the answer.
  status          integer,
  duration_ms     real        not null,
  idempotency_key text,
  -- The wallet that the request names or that initiated the operation.
  wallet          text,
  -- The ledger operation that the request caused, by its place in the log: (book, seq) are (book, operation) of ledger.event.
  -- Of several the first; they are all in operation_ids then.
  book            integer,
  seq             bigint,
  operation_ids   text[]
);
create index request_by_operation on audit.request (seq, book) where seq is not null;
create index request_by_wallet on audit.request (wallet, id) where wallet is not null;
create index request_by_actor on audit.request (actor, id) where actor <> 'anonymous';

-- Rows are never changed. They are deleted by age, by audit.forget_before and by nothing else.
create function audit.refuse_deletion() returns trigger language plpgsql as $$
begin
  if current_setting('audit.forgetting', true) is distinct from 'on' then
    raise exception '% is append-only: rows leave it by age, through audit.forget_before', tg_table_name using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger immutable before update or truncate on audit.request for each statement execute function refuse_change();
create trigger kept before delete on audit.request for each statement execute function audit.refuse_deletion();
alter table audit.request enable always trigger immutable;
alter table audit.request enable always trigger kept;
