-- Fraud rules and what they found, and notifications. What was found follows from the log and the rules' history, and can be made again.
create schema if not exists insights;

-- A rule is data. Its versions are its history: each says what was in force from where in the log on, who wanted it and why.
create table insights.fraud_rule (
  id      text    primary key check (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(id) <= 40),
  version integer not null
);

create table insights.fraud_rule_version (
  rule        text        not null references insights.fraud_rule,
  version     integer     not null check (version > 0),
  name        text        not null check (char_length(name) between 1 and 100),
  kind        text        not null check (kind in ('velocity', 'amount', 'sum')),
  definition  jsonb       not null,
  action      text        not null check (action in ('flag', 'notify', 'freeze', 'review')),
  enabled     boolean     not null,
  -- Of each book, where its log ended when this version came into force: what is recorded after that is evaluated by it.
  after_seq   jsonb       not null,
  since       timestamptz not null,
  -- Movements recorded before this were not all kept when the version began, so it counts none of them; null: it counts all.
  counts_from timestamptz,
  actor       text        not null,
  reason      text        not null check (char_length(reason) between 1 and 1000),
  primary key (rule, version)
);
create trigger immutable before update or delete or truncate on insights.fraud_rule_version for each statement execute function refuse_change();
alter table insights.fraud_rule_version enable always trigger immutable;

insert into insights.fraud_rule (id, version) values ('withdrawal-velocity', 1), ('withdrawal-amount', 1);
insert into insights.fraud_rule_version (rule, version, name, kind, definition, action, enabled, after_seq, since, actor, reason) values
  ('withdrawal-velocity', 1, 'Several withdrawals within a minute', 'velocity',
   '{"count": 3, "windowSeconds": 60, "movements": ["withdrawal"], "assets": "all"}', 'flag', true, '{}', clock_timestamp(), 'coffer', 'comes with Coffer'),
  ('withdrawal-amount', 1, 'A large withdrawal', 'amount',
   '{"threshold": "10000", "movements": ["withdrawal"], "assets": "all"}', 'flag', true, '{}', clock_timestamp(), 'coffer', 'comes with Coffer');

-- What left wallets lately: as much of it as the longest window of any rule in force looks back.
create table insights.fraud_movement (
  generation  integer          not null,
  book        integer          not null,
  wallet      text collate "C" not null,
  kind        text             not null,
  seq         bigint           not null,
  part        integer          not null,
  asset       integer          not null,
  amount      numeric(38, 0)   not null,
  recorded_at timestamptz      not null,
  primary key (generation, book, wallet, kind, seq, part)
);
create index fraud_movement_by_time on insights.fraud_movement (generation, book, kind, recorded_at);

-- `events`: those that were counted, the one that tipped it last. `facts`: what it takes to see why, as strings.
create table insights.fraud_finding (
  generation  integer          not null,
  book        integer          not null,
  seq         bigint           not null,
  part        integer          not null,
  rule        text             not null,
  version     integer          not null,
  action      text             not null,
  wallet      text collate "C" not null,
  recorded_at timestamptz      not null,
  events      text[]           not null,
  facts       jsonb            not null,
  primary key (generation, book, seq, part, rule)
);
create index fraud_finding_by_wallet on insights.fraud_finding (generation, wallet, recorded_at);
create index fraud_finding_by_time on insights.fraud_finding (generation, recorded_at);

-- Which generations there are; the lowest is the one that is read.
create table insights.fraud_generation (
  generation integer primary key
);

-- How far each book was evaluated, by whichever generation came first. Only what lies after it has effects.
create table insights.fraud_mark (
  book        integer     primary key,
  seq         bigint      not null,
  part        integer     not null,
  recorded_at timestamptz not null
);

-- What follows from a finding outside of these tables: done once, by whichever worker comes first.
create table insights.fraud_action (
  id          bigint           primary key generated always as identity,
  book        integer          not null,
  seq         bigint           not null,
  part        integer          not null,
  rule        text             not null,
  wallet      text collate "C" not null,
  action      text             not null check (action in ('notify', 'freeze')),
  state       text             not null default 'pending' check (state in ('pending', 'done', 'given_up')),
  attempts    integer          not null default 0,
  next_try_at timestamptz      not null default clock_timestamp(),
  note        text,
  created_at  timestamptz      not null default clock_timestamp(),
  finished_at timestamptz,
  unique (book, seq, part, rule)
);
create index fraud_action_pending on insights.fraud_action (next_try_at) where state = 'pending';

-- Whose wallets are: what it takes to know whom to tell.
create table insights.wallet_owner (
  wallet text collate "C" primary key,
  owner  uuid             not null
);

-- For a user, or for staff when there is none. `key`: what it is about, so that nobody is told twice.
create table insights.notification (
  id         bigint      primary key generated always as identity,
  user_id    uuid,
  kind       text        not null,
  wallet     text        not null,
  facts      jsonb       not null,
  key        text        not null unique,
  created_at timestamptz not null default clock_timestamp(),
  read_at    timestamptz,
  read_by    text
);
create index notification_by_user on insights.notification (user_id, id);
create index notification_unread on insights.notification (user_id, id) where read_at is null;

-- E-mails to be sent: a row comes with its notification, in one transaction.
create table insights.mail (
  notification bigint      primary key references insights.notification on delete cascade,
  state        text        not null default 'pending' check (state in ('pending', 'sent', 'failed', 'dropped')),
  attempts     integer     not null default 0,
  next_try_at  timestamptz not null default clock_timestamp(),
  note         text,
  finished_at  timestamptz
);
create index mail_pending on insights.mail (next_try_at) where state = 'pending';
