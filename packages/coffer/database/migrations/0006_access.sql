-- Who may do what: the role of a user, and the API keys of services.

alter table identity.users add column role text not null default 'user' check (role in ('user', 'operator', 'admin'));

-- A key has at most two live secrets: the current one, and while a rotation lasts the one before. Only their SHA-256 is here: a
-- secret has 256 random bits, so there is nothing to guess and a slow hash would protect nothing.
create table identity.api_key (
  id                   text        primary key check (id ~ '^[a-z0-9]{16}$'),
  name                 text        not null check (char_length(name) between 1 and 200),
  scopes               text[]      not null check (cardinality(scopes) > 0),
  secret_hash          bytea       not null check (octet_length(secret_hash) = 32),
  previous_hash        bytea       check (octet_length(previous_hash) = 32),
  previous_expires_at  timestamptz,
  created_at           timestamptz not null default clock_timestamp(),
  -- Who made it, as logs write callers; a key made at the command line has 'cli'.
  created_by           text        not null,
  rotated_at           timestamptz,
  expires_at           timestamptz,
  last_used_at         timestamptz,
  revoked_at           timestamptz,
  check ((previous_hash is null) = (previous_expires_at is null))
);
