-- Asynchronous requests: what was accepted to be done later, how far it is, and what became of it. One row each; whoever works on it
-- has claimed it for a while, and every change of its state is one transaction with the line that tells of it.
create schema requests;

create table requests.request (
  id              uuid        primary key,
  type            text        not null check (type in ('withdraw', 'transfer')),
  -- The wallet that initiates it, and whose that is: who may see the request.
  wallet          text        not null,
  owner           text,
  -- The caller's idempotency key: the operation is posted under it.
  key             text        not null,
  -- JSON of what was asked; amounts are text. Never changed.
  content         text        not null,
  digest          text        not null,
  status          text        not null check (status in (
    'accepted', 'processing', 'held', 'in_review', 'awaiting_approval', 'paying', 'capturing', 'releasing', 'completed', 'released', 'failed'
  )),
  -- How often it was replayed; and the generation whose key it posts under (0: the caller's own).
  generation      integer     not null default 0,
  key_generation  integer     not null default 0,
  -- What a worker decided to do with it, before anything was done: post it at once, or hold the amount and wait for somebody's word.
  way             text        check (way in ('post', 'review', 'approval', 'webhook')),
  hold_seconds    integer,
  -- How often a worker took it up; and in a row without getting further.
  attempts        integer     not null default 0,
  tries           integer     not null default 0,
  -- Who works on it, until next_try_at; then it is anybody's again.
  claim           uuid,
  next_try_at     timestamptz not null,
  hold            text,
  hold_amount     numeric(38, 0),
  hold_expires_at timestamptz,
  -- How many captures were refused.
  captures        integer     not null default 0,
  -- Why it waits for somebody.
  remark          text,
  -- The operation of the ledger that ended it: a posting, a refusal on record, a release.
  operation       text,
  seq             bigint,
  failure_code    text,
  -- JSON.
  failure_facts   text,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  finished_at     timestamptz,
  constraint request_by_key unique (wallet, key),
  check ((status in ('completed', 'released', 'failed')) = (finished_at is not null)),
  check (status = 'accepted' or way is not null),
  check ((way = 'post') = (hold_seconds is null)),
  check (status in ('accepted', 'processing', 'completed', 'failed') or hold is not null),
  check (status not in ('released', 'failed') or failure_code is not null)
);
create index request_due on requests.request (next_try_at) where finished_at is null;
create index request_open on requests.request (wallet) where finished_at is null;
create index request_by_wallet on requests.request (wallet, id);
create index request_by_owner on requests.request (owner, id) where owner is not null;
create index request_by_status on requests.request (status, id);

-- What was tried, what came out, and who decided: written with the change it tells of, and never changed.
create table requests.attempt (
  id      bigint      primary key generated always as identity,
  request uuid        not null references requests.request,
  -- Of the request's attempts the how-manieth; what operators decide belongs to the last.
  number  integer     not null,
  at      timestamptz not null,
  step    text        not null,
  outcome text        not null,
  detail  text,
  actor   text
);
create index attempt_by_request on requests.attempt (request, id);
create trigger immutable before update or delete or truncate on requests.attempt for each statement execute function refuse_change();
alter table requests.attempt enable always trigger immutable;
