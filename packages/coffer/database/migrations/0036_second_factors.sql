-- Second factors of users: TOTP and passkeys, recovery codes, open challenges, and what a session has proved.

create table identity.factor (
  id            uuid        primary key,
  user_id       uuid        not null,
  kind          text        not null check (kind in ('totp', 'passkey')),
  name          text        not null check (char_length(name) between 1 and 200),
  -- TOTP: the secret, sealed with the factor key, and the last step whose code was used: a code works once.
  sealed_secret bytea,
  last_step     bigint,
  -- Passkey: as WebAuthn names its parts.
  credential_id text,
  public_key    bytea,
  counter       bigint,
  transports    text[],
  created_at    timestamptz not null default clock_timestamp(),
  -- When its first code was right. Null while a TOTP is being enrolled: it proves nothing yet.
  confirmed_at  timestamptz,
  last_used_at  timestamptz,
  check ((kind = 'totp') = (sealed_secret is not null)),
  check ((kind = 'passkey') = (credential_id is not null)),
  check ((kind = 'passkey') = (public_key is not null)),
  check ((kind = 'passkey') = (counter is not null))
);
create index factor_by_user on identity.factor (user_id);
create unique index factor_by_credential on identity.factor (credential_id) where credential_id is not null;

-- Each code works once: using it deletes its row. A code has 80 random bits, so a slow hash would protect nothing.
create table identity.recovery_code (
  user_id uuid  not null,
  hash    bytea not null check (octet_length(hash) = 32),
  primary key (user_id, hash)
);

-- Login tickets and WebAuthn challenges, by their SHA-256. Each works once: using it deletes its row.
create table identity.challenge (
  digest     bytea       primary key check (octet_length(digest) = 32),
  user_id    uuid        not null,
  purpose    text        not null check (purpose in ('login', 'passkey_login', 'passkey_proof', 'passkey_enrolment')),
  -- It ends with the sessions of its user.
  epoch      integer     not null,
  expires_at timestamptz not null
);
create index challenge_by_user on identity.challenge (user_id);

alter table identity.session
  -- When the user last proved who they are, by the login or again.
  add column proved_at timestamptz,
  -- When a second factor was last proved; null if never.
  add column second_factor_at timestamptz;
update identity.session set proved_at = created_at;
alter table identity.session
  alter column proved_at set not null,
  alter column proved_at set default clock_timestamp();

-- The code owns the lists of these words.
alter table identity.login_log drop constraint login_log_reason_check;
alter table identity.login_log add constraint login_log_reason_check check (reason ~ '^[a-z_]{1,40}$');
alter table identity.user_change drop constraint user_change_kind_check;
alter table identity.user_change add constraint user_change_kind_check check (kind ~ '^[a-z_]{1,40}$');
