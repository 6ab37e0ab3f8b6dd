-- outside a transaction
-- The indexes by account keep the entries that do not name the previous one, and one version of 256 of the others. A read of an old version
-- starts there and follows at most 255 entries.
drop index concurrently if exists ledger.entry_of_debit;
create unique index concurrently entry_of_debit on ledger.entry (book, debit_account, debit_version)
  where debit_account is not null and (debit_previous is null or debit_version % 256 = 0);
drop index concurrently if exists ledger.entry_of_credit;
create unique index concurrently entry_of_credit on ledger.entry (book, credit_account, credit_version)
  where credit_account is not null and (credit_previous is null or credit_version % 256 = 0);
-- What left a wallet with limits is in its newest entry here.
drop index concurrently if exists ledger.entry_by_spending;
create index concurrently entry_by_spending on ledger.entry (book, debit_account, debit_version) where spent_day is not null;
drop index concurrently if exists ledger.entry_by_debit;
drop index concurrently if exists ledger.entry_by_credit;
