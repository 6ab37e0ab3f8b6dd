-- The life of an account: the proof of its e-mail address, links that prove it, and the e-mails that carry them.

alter table identity.users
  add column email_proved_at timestamptz,
  -- How: a link that was mailed, a link that an operator printed, or only by being older than proofs. The last lets a user log in
  -- and be notified as before, but not become staff.
  add column email_proved_by text check (email_proved_by in ('link', 'operator', 'upgrade')),
  -- A changed address, until it is proved. Not unique: the first to prove it gets it.
  add column pending_email text,
  add constraint users_email_proof_check check ((email_proved_at is null) = (email_proved_by is null));
update identity.users set email_proved_at = clock_timestamp(), email_proved_by = 'upgrade' where email is not null;

alter table identity.login_log drop constraint login_log_reason_check;
alter table identity.login_log add constraint login_log_reason_check
  check (reason in ('password_wrong', 'user_unknown', 'user_suspended', 'email_unproved'));

-- More kinds of changes follow with later versions; the code owns their list.
alter table identity.user_change drop constraint user_change_kind_check;
alter table identity.user_change add constraint user_change_kind_check check (kind ~ '^[a-z_]{1,40}$');

-- What a link proves, once. Only its token's SHA-256 is here: a token has 256 random bits, so there is nothing to guess.
create table identity.proof (
  id         uuid        primary key,
  -- Null for an invitation until it is accepted.
  user_id    uuid,
  purpose    text        not null check (purpose in ('email', 'reset', 'invitation')),
  -- Where the link was sent; a proof of the mailbox with this address.
  address    text        not null,
  -- The user's token epoch when it was made: a new password or a suspension voids every earlier link.
  epoch      integer     not null default 0,
  token_hash bytea       not null unique check (octet_length(token_hash) = 32),
  -- The e-mail that carries it; null if it was printed. Tries of one e-mail may carry several links, a newer e-mail replaces them.
  mail       bigint,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at    timestamptz,
  check (purpose = 'invitation' or user_id is not null)
);
create index proof_by_user on identity.proof (user_id) where user_id is not null;
create index proof_by_address on identity.proof (lower(address collate "C"));
create index proof_by_expiry on identity.proof (expires_at);

-- E-mails about accounts. A row has neither a token nor a text: both are made when it is sent.
create table identity.mail (
  id          bigint      primary key generated always as identity,
  kind        text        not null check (kind in ('proof', 'reset', 'invitation', 'email_changing', 'email_changed', 'password_changed')),
  address     text        not null,
  -- Null where a stranger named only the address: whether it has an account is looked up when it is sent.
  user_id     uuid,
  -- How an invitation greets.
  name        text,
  created_at  timestamptz not null default clock_timestamp(),
  state       text        not null default 'pending' check (state in ('pending', 'sent', 'failed', 'dropped')),
  attempts    integer     not null default 0,
  next_try_at timestamptz not null default clock_timestamp(),
  waits_since timestamptz not null default clock_timestamp(),
  note        text,
  finished_at timestamptz
);
create index mail_pending on identity.mail (next_try_at) where state = 'pending';
create index mail_by_address on identity.mail (lower(address collate "C"), created_at);
create index mail_by_age on identity.mail (created_at);

-- Users made under an idempotency key, by caller.
create table identity.creation (
  -- As logs name callers.
  actor      text        not null,
  key        text        not null check (char_length(key) between 1 and 128),
  digest     bytea       not null check (octet_length(digest) = 32),
  user_id    uuid        not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (actor, key)
);
