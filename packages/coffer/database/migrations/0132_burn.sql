-- The opposite of issue: from the treasury back to issuance.
alter type ledger.entry_kind add value 'burn';
