-- Approvals: which operations need a second person, and the operations that wait for one.
create schema approvals;

-- Each policy that an operation meets needs a second person; one approval is enough for all.
create table approvals.policy (
  id         text           primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  -- Of the table of operations; '*' for all.
  operation  text           not null,
  asset      integer,
  -- Exclusive, in minor units; null: also operations without an amount.
  above      numeric(38, 0) check (above >= 0),
  -- Roles of staff, and 'key' for API keys.
  makers     text[]         not null check (cardinality(makers) > 0),
  -- own: only operations on a wallet of the person who makes them.
  wallets    text           not null check (wallets in ('any', 'own')),
  updated_at timestamptz    not null default clock_timestamp()
);
insert into approvals.policy (id, operation, makers, wallets)
values ('own-wallets', '*', array['support', 'treasury', 'risk', 'operator', 'admin', 'key'], 'own');

-- Written in the transaction of the change itself. Nothing deletes rows.
create table approvals.policy_change (
  id       bigint      primary key generated always as identity,
  policy   text        not null,
  -- JSON; null: it did not exist before, or was removed.
  before   text,
  after    text,
  reason   text        not null,
  actor    text        not null,
  -- Null: at the command line, or where no policy was in force.
  approver text,
  at       timestamptz not null default clock_timestamp()
);
create trigger immutable before update or delete or truncate on approvals.policy_change for each statement execute function refuse_change();
alter table approvals.policy_change enable always trigger immutable;

create table approvals.request (
  id            uuid           primary key,
  operation     text           not null,
  -- The initiating account and the idempotency key, as the ledger names outcomes; null for a change of a policy.
  name          text           unique,
  digest        text           not null,
  -- JSON of what was asked. Never changed.
  input         text           not null,
  -- As logs name callers, and the person behind it.
  maker         text           not null,
  person        text,
  wallets       text[]         not null,
  amount        numeric(38, 0),
  asset         integer,
  -- The policy that asked for the second person.
  policy        text           not null,
  -- Asked for asynchronously: once approved, it is an asynchronous request.
  later         boolean        not null,
  state         text           not null check (state in ('pending', 'approved', 'rejected', 'cancelled', 'expired', 'done', 'failed')),
  created_at    timestamptz    not null,
  waiting_since timestamptz    not null,
  expires_at    timestamptz    not null,
  decided_by    text,
  decided_at    timestamptz,
  reason        text,
  -- The operation or the asynchronous request that it became.
  result        text,
  failure_code  text,
  -- JSON.
  failure_facts text,
  check ((state in ('approved', 'rejected', 'cancelled', 'done', 'failed')) = (decided_by is not null)),
  check ((state = 'failed') = (failure_code is not null))
);
create index request_pending on approvals.request (expires_at) where state = 'pending';
create index request_approved on approvals.request (decided_at) where state = 'approved';
create index request_by_state on approvals.request (state, id);
