-- Keys that encrypt the metadata of operations, one for each owner. The log is append-only: deleting the key makes unreadable what it has
-- encrypted there.
create schema metadata;

create table metadata.data_key (
  -- A user's id, or $ledger for wallets without an owner.
  owner      text primary key collate "C" check (length(owner) between 1 and 512),
  -- Encrypted with the operator's key; null once it is erased. The row stays, so that the owner gets no other key.
  wrapped    bytea,
  created_at timestamptz not null default clock_timestamp(),
  erased_at  timestamptz,
  constraint data_key_erased check ((wrapped is null) = (erased_at is not null))
);
