-- outside a transaction
-- Users by words of their names. Punctuation is cut first: PostgreSQL would read "J.R." as the name of a host.
drop index concurrently if exists identity.users_by_name;
create index concurrently users_by_name on identity.users
  using gin (to_tsvector('simple', regexp_replace(name, '[^[:alnum:]]+', ' ', 'g'))) where status = 'active' and deleted_at is null;
-- Requests by idempotency key, without the wallet.
drop index concurrently if exists requests.request_by_asked_key;
create index concurrently request_by_asked_key on requests.request (key);
