-- The expired holds of a wallet: an operation releases them before it is decided, and a read counts them as given back.
create index entry_by_expiry_of on ledger.entry (book, debit_account, expires_at, seq) where hold = seq and expires_at is not null;
