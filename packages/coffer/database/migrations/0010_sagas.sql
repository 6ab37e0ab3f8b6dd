-- Transfers by saga: debited in the sender's book, decided in the recipient's, ended in the sender's. All of it is entries; there is no
-- table of what is under way, because the log says so: a debit without an end.

-- The completion names what was in transit, as the debit side, and leaves its balance; the other steps move money between two accounts.
alter table ledger.entry
  drop constraint kind_complete,
  add constraint kind_complete check (
    case
      when refusal is not null then debit_account is null and credit_account is null and scope is not null and key is not null
      when kind = 'open' then debit_account is null and credit_account is not null and amount is null and credit_version = 0
      else debit_account is not null and debit_after is not null and debit_version > 0
       and (scope is not null and key is not null) = (kind <> 'expire')
       and (credit_account is null) = (credit_after is null) and (credit_account is null) = (credit_version is null)
       and case
         when kind in ('hold', 'release', 'expire') then credit_account is null and amount is not null and hold is not null
         when kind in ('freeze', 'unfreeze', 'limit', 'credit_line') then credit_account is null and amount is null and controls is not null
         when kind = 'close' then (credit_account is null) = (amount is null) and controls is not null
         when kind = 'transfer_complete' then credit_account is null and amount is not null and details is not null
         when kind in ('transfer_debit', 'transfer_credit', 'transfer_return')
           then credit_account is not null and amount is not null and credit_version > 0 and details is not null
         else credit_account is not null and amount is not null and credit_version > 0
       end
    end
  );

-- What was begun, in its order: whoever looks for what has no end yet goes along it, and asks for the key of each end (entry_by_key).
create index entry_transfers_begun on ledger.entry (book, seq) where kind = 'transfer_debit' and refusal is null;
