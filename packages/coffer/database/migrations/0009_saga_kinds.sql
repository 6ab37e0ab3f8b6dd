-- The steps of a transfer by saga are entries like any other. A migration of its own: PostgreSQL lets nobody use a new value of an enum
-- before the transaction that added it is over.
alter type ledger.entry_kind add value 'transfer_debit';
alter type ledger.entry_kind add value 'transfer_credit';
alter type ledger.entry_kind add value 'transfer_complete';
alter type ledger.entry_kind add value 'transfer_return';
