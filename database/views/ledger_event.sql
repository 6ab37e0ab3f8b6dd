-- The event log. Each event restates something that an entry says, so it is derived, not stored a second time: it costs
-- nothing to write, cannot be lost between two commits and cannot disagree with the ledger. Entries are immutable, so events are.
-- In order of (book, seq, part); `wallet` is the one that the event is about.
create or replace view ledger.event as
select e.book, e.seq, happened.part, e.book || '-' || e.seq || '-' || happened.part as id, happened.type, happened.wallet,
  e.recorded_at, e.operation, happened.data
from ledger.entry e
left join ledger.account d on d.book = e.book and d.number = e.debit_account
left join ledger.account c on c.book = e.book and c.number = e.credit_account
left join ledger.account s on s.book = e.book and s.number = e.scope
cross join lateral (
  -- The caller's metadata stays as it is, nulls included.
  select jsonb_strip_nulls(jsonb_build_object(
    'operation', e.book || '-' || e.operation, 'key', e.key, 'amount', e.amount::text,
    'asset', coalesce(c.asset, (e.details -> 'asked' ->> 'asset')::integer)))
    || case when e.metadata is null then '{}'::jsonb else jsonb_build_object('metadata', e.metadata) end as common
) base
cross join lateral (
  -- Openings. System accounts are the ledger's own affair.
  select 1 as part, 'WalletCreated' as type, c.id as wallet,
    base.common || jsonb_strip_nulls(jsonb_build_object('owner', c.owner, 'floor', c.floor::text)) as data
  where e.kind = 'open' and e.refusal is null and c.kind = 'wallet'
  union all
  -- Money that enters or leaves a wallet.
  select 1, single.type, single.wallet, base.common || jsonb_build_object('balance', single.balance::text, 'version', single.version)
  from (values
    ('deposit', 'FundsDeposited', c.id, e.credit_after, e.credit_version),
    ('topup', 'FundsToppedUp', c.id, e.credit_after, e.credit_version),
    ('withdrawal', 'FundsWithdrawn', d.id, e.debit_after, e.debit_version),
    ('spend', 'FundsSpent', d.id, e.debit_after, e.debit_version),
    ('issue', 'FundsIssued', c.id, e.credit_after, e.credit_version)
  ) as single (kind, type, wallet, balance, version)
  where e.refusal is null and single.kind = e.kind::text
  union all
  -- A transfer between wallets, told in its four steps.
  select step.part, step.type, step.wallet,
    base.common || jsonb_strip_nulls(jsonb_build_object('from', d.id, 'to', c.id, 'balance', step.balance::text, 'version', step.version))
  from (values
    (1, 'TransferInitiated', d.id, null, null),
    (2, 'TransferDebited', d.id, e.debit_after, e.debit_version),
    (3, 'TransferCredited', c.id, e.credit_after, e.credit_version),
    (4, 'TransferCompleted', d.id, null, null)
  ) as step (part, type, wallet, balance, version)
  where e.kind = 'transfer' and e.refusal is null
  union all
  -- What was refused.
  select refused.part, refused.type, s.id,
    base.common || jsonb_build_object('refusal', e.refusal, 'facts', e.details -> 'facts', 'asked', e.details -> 'asked')
  from (values
    (1, 'open', 'WalletCreationFailed'), (1, 'deposit', 'DepositFailed'), (1, 'topup', 'TopUpFailed'), (1, 'withdrawal', 'WithdrawalFailed'),
    (1, 'spend', 'SpendFailed'), (1, 'issue', 'IssueFailed'), (1, 'transfer', 'TransferInitiated'), (2, 'transfer', 'TransferFailed')
  ) as refused (part, kind, type)
  where e.refusal is not null and refused.kind = e.kind::text
) happened;
