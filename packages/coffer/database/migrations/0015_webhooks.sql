-- Webhooks: addresses of customers that want to be told of events, what each of them is to be told, and what came of it.
create schema webhooks;

create table webhooks.endpoint (
  id                  uuid        primary key,
  url                 text        not null,
  description         text        not null,
  -- Names of events; '*' is all of them.
  types               text[]      not null check (cardinality(types) > 0),
  -- Only what is about this wallet, or about wallets of this owner.
  wallet              text,
  owner               text,
  status              text        not null default 'enabled' check (status in ('enabled', 'disabled')),
  disabled_why        text,
  -- What signs. Here as it is: who calls needs it, and no role but the running Coffer's reads this table.
  secret              text        not null,
  previous_secret     text,
  previous_expires_at timestamptz,
  -- Where each book stood when the endpoint was made, the first book first: it is told what came after that.
  begins              bigint[]    not null,
  -- Since when nothing but failures; null while it does well.
  failing_since       timestamptz,
  -- Its last call failed, or took long: such endpoints share lanes of their own, so that others do not wait behind them.
  is_slow             boolean     not null default false,
  created_by          text        not null,
  created_at          timestamptz not null default clock_timestamp(),
  updated_at          timestamptz not null default clock_timestamp(),
  check ((previous_secret is null) = (previous_expires_at is null)),
  check ((status = 'disabled') = (disabled_why is not null))
);

-- One row for each event and endpoint that it is for, written in the transaction that counts the event as seen.
create table webhooks.delivery (
  id          bigint      primary key generated always as identity,
  endpoint    uuid        not null references webhooks.endpoint on delete cascade,
  -- The event's id, or that of a test: the webhook-id of every call.
  message     text        not null,
  type        text        not null,
  wallet      text,
  -- The JSON that is sent, the same each time.
  body        text        not null,
  status      text        not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  -- How often it was claimed to be sent; and since it was last asked for.
  attempts    integer     not null default 0,
  tries       integer     not null default 0,
  -- While it is pending: when it is to be sent. Who claims it moves this beyond the end of the call.
  due_at      timestamptz not null default clock_timestamp(),
  created_at  timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  unique (endpoint, message),
  check ((status = 'pending') = (finished_at is null))
);
create index delivery_due on webhooks.delivery (endpoint, due_at) where status = 'pending';
create index delivery_by_endpoint on webhooks.delivery (endpoint, id);
create index delivery_finished on webhooks.delivery (finished_at) where status <> 'pending';

-- Each call: what was answered, or why nothing was.
create table webhooks.attempt (
  delivery    bigint      not null references webhooks.delivery on delete cascade,
  number      integer     not null,
  ended_at    timestamptz not null default clock_timestamp(),
  http_status integer,
  elapsed_ms  integer     not null,
  answer      text,
  why         text,
  primary key (delivery, number)
);
