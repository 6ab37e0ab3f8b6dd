-- What holds, corrections and controls say beside a posting. All of it is null in a plain transfer, which costs a row nothing.
-- An entry that concerns one account (hold, release, expire, controls) names it as the debit side and leaves its balance.

alter table ledger.entry
  -- What open holds reserve of each balance after the entry; null: nothing. What may be debited is the balance less this, down to the floor.
  add column debit_held   numeric(38, 0) check (debit_held > 0),
  add column credit_held  numeric(38, 0) check (credit_held > 0),
  add column asked_amount numeric(38, 0), -- of "up to" an amount
  add column effective_at timestamptz,    -- when it counts as having happened, if not when it was recorded
  add column hold         bigint,         -- the seq of the hold that this is about; a hold names itself
  add column hold_left    numeric(38, 0) check (hold_left >= 0),
  add column expires_at   timestamptz,
  add column reverses     bigint,         -- the seq of the entry whose money goes back
  add column reversed     numeric(38, 0), -- how much of that has gone back by now
  add column controls     json,           -- all controls of the wallet from here on
  add column spent_day    numeric(50, 0), -- what left the wallet on this day and in this month, while it has limits
  add column spent_month  numeric(50, 0);

-- The rules of 0001 in the shape that entries have now.
alter table ledger.entry
  drop constraint entry_check1, -- debit_after >= debit_floor
  drop constraint entry_check2, -- which columns an entry of each kind has
  add constraint debit_within_floor check (debit_after - coalesce(debit_held, 0) >= debit_floor),
  add constraint hold_complete check ((hold is null) = (hold_left is null) and (expires_at is null or kind = 'hold')),
  add constraint reversal_complete check ((reverses is null) = (reversed is null) and (refusal is not null or (kind = 'reversal') = (reverses is not null))),
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
         else credit_account is not null and amount is not null and credit_version > 0
       end
    end
  );

-- A hold as it stands is the newest entry about it. All of them debit one wallet, so its version orders them.
create unique index entry_by_hold on ledger.entry (book, hold, debit_version) where hold is not null;
-- The holds of a wallet, and the holds whose time comes.
create index entry_holds_of on ledger.entry (book, debit_account, seq) where hold = seq;
create index entry_by_expiry on ledger.entry (book, expires_at, seq) where expires_at is not null;
-- How much of an entry has been reversed: the highest. That it is unique stops two reversals of the same part.
create unique index entry_by_reversal on ledger.entry (book, reverses, reversed) where reverses is not null;
-- The controls of a wallet are those of its newest control entry.
create unique index entry_by_control on ledger.entry (book, debit_account, debit_version) where controls is not null;
-- Few entries have a date of their own; a balance by effective date is the balance by recorded date, corrected by these.
create index entry_by_effect_debit on ledger.entry (book, debit_account, effective_at) where effective_at is not null;
create index entry_by_effect_credit on ledger.entry (book, credit_account, effective_at) where effective_at is not null and credit_account is not null;
-- The end of the log at a moment.
create index batch_by_time on ledger.batch (book, recorded_at, batch_no);

-- The posting function takes more columns now (functions/post_batch.sql); one of the old shape must not stay beside it.
drop function if exists ledger.post_batch(
  integer, bigint, bytea, bytea, smallint, bigint, integer, bigint, bigint[], text[], text[], bigint[], text[], numeric[], bigint[],
  bigint[], text[], bigint[], bigint[], numeric[], numeric[], numeric[], bigint[], bigint[], numeric[], bigint[], text[], bytea[],
  text[], text[], text[]);
