-- Holds, corrections and controls are entries like any other. A migration of its own: PostgreSQL lets nobody use a new value of an
-- enum before the transaction that added it is over.
alter type ledger.entry_kind add value 'hold';
alter type ledger.entry_kind add value 'capture';
alter type ledger.entry_kind add value 'release';
alter type ledger.entry_kind add value 'expire';
alter type ledger.entry_kind add value 'reversal';
alter type ledger.entry_kind add value 'freeze';
alter type ledger.entry_kind add value 'unfreeze';
alter type ledger.entry_kind add value 'close';
alter type ledger.entry_kind add value 'limit';
alter type ledger.entry_kind add value 'credit_line';
