-- Sessions of users, the suspension of users, and the record of what staff changed about a user.

-- Each login begins a session, and its token names it. A session is valid until it expires or ends, and while its epoch is that of
-- its user.
create table identity.session (
  id           uuid        primary key,
  user_id      uuid        not null,
  epoch        integer     not null,
  created_at   timestamptz not null default clock_timestamp(),
  -- To a quarter of a minute: sessions of staff end when they are idle.
  last_used_at timestamptz not null default clock_timestamp(),
  expires_at   timestamptz not null,
  ended_at     timestamptz,
  client_ip    text,
  user_agent   text
);
create index session_by_user on identity.session (user_id, created_at desc);

alter table identity.users add column suspended_at timestamptz;

alter table identity.login_log drop constraint login_log_reason_check;
alter table identity.login_log add constraint login_log_reason_check
  check (reason in ('password_wrong', 'user_unknown', 'user_suspended'));

-- Written in the transaction of the change itself, so there is no change without its row. Nothing deletes rows.
create table identity.user_change (
  id      bigint      primary key generated always as identity,
  user_id uuid        not null,
  kind    text        not null check (kind in ('role', 'suspended', 'reinstated')),
  -- The role before and after; null for other kinds.
  before  text,
  after   text,
  reason  text,
  -- As logs name callers; `cli` at the command line.
  actor   text        not null,
  at      timestamptz not null default clock_timestamp(),
  check ((kind = 'role') = (before is not null and after is not null))
);
create index user_change_by_user on identity.user_change (user_id, id desc);
create trigger immutable before update or delete or truncate on identity.user_change for each statement execute function refuse_change();
alter table identity.user_change enable always trigger immutable;
