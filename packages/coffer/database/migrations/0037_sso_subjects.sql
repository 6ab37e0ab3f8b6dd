-- Subjects of another token issuer that belong to users, and the end of that issuer's tokens.

create table identity.subject (
  id         uuid        primary key,
  issuer     text        not null check (char_length(issuer) between 1 and 255),
  subject    text        not null check (char_length(subject) between 1 and 255),
  user_id    uuid        not null,
  created_at timestamptz not null default clock_timestamp(),
  -- As logs name callers.
  created_by text        not null,
  unique (issuer, subject)
);
create index subject_by_user on identity.subject (user_id);

-- A token of another issuer has no session to end: one that was issued before this time is refused.
alter table identity.users add column sessions_valid_from timestamptz not null default '-infinity';
