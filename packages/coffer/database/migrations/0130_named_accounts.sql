-- Accounts of the chart: named by people, beside wallets and system accounts. A migration of its own: a new value of an enum cannot be used
-- before the transaction that added it is over.
alter type ledger.account_kind add value 'named';
