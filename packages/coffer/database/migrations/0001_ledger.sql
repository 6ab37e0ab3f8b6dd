-- The ledger: one append-only log per book. Nothing here is ever updated or deleted, and the triggers at the end say so.
-- `book` comes first in every key, so that the tables can be distributed by it; no key, sequence or lock spans books.

create schema ledger;

-- What is counted. Amounts are whole numbers of minor units; `scale` says where people put the decimal point.
create table ledger.asset (
  id    integer  primary key,
  code  text     not null unique check (code ~ '^[A-Z][A-Z0-9_]{0,15}$'),
  scale smallint not null check (scale between 0 and 18),
  name  text     not null
);

insert into ledger.asset (id, code, scale, name) values
  (1, 'GOLD', 0, 'Gold Coins'), (2, 'POINTS', 0, 'Reward Points'), (3, 'USD', 2, 'US Dollar'), (4, 'EUR', 2, 'Euro');

-- One row per book. The row is never changed: locking it is how a writer takes its turn.
create table ledger.book (
  book       integer     primary key check (book > 0),
  created_at timestamptz not null default clock_timestamp()
);

-- One row per committed batch. The last one is the head of the book, and the fence: a batch names its predecessor's hash and
-- last seq, and the primary key lets exactly one batch follow another.
create table ledger.batch (
  book        integer     not null,
  batch_no    bigint      not null check (batch_no >= 0),
  first_seq   bigint      not null,
  last_seq    bigint      not null,
  recorded_at timestamptz not null,
  format      smallint    not null, -- which canonical encoding was hashed: docs/concepts/chain.md
  hash        bytea       not null check (octet_length(hash) = 32),
  primary key (book, batch_no),
  check (last_seq >= first_seq - 1)
);

create type ledger.account_kind as enum ('wallet', 'treasury', 'issuance', 'cash_in', 'cash_out', 'fees', 'in_transit', 'breakage');

-- Who an account is. How much it holds is not here: that is said by the newest entry that names it.
create table ledger.account (
  book       integer             not null,
  number     bigint              not null check (number > 0),
  id         text collate "C"    not null check (octet_length(id) between 1 and 128),
  kind       ledger.account_kind not null,
  asset      integer             not null,
  owner      text collate "C",
  floor      numeric(38, 0), -- the balance may not be debited below it; null: unbounded
  opened_seq bigint              not null,
  opened_at  timestamptz         not null,
  primary key (book, number),
  unique (book, id)
);
create index account_by_owner on ledger.account (book, owner, asset) where owner is not null;

create type ledger.entry_kind as enum ('open', 'issue', 'deposit', 'withdrawal', 'topup', 'spend', 'transfer');

-- The log. An entry is an opening (credit side only, amount null), a posting (both sides), or a remembered refusal (no sides).
-- A posting carries both balances and versions after it and the floor in force, so any account's state at any moment is one
-- index probe, and "no balance below its floor" is a CHECK that holds at every point of history.
-- The wide columns come first: no padding between them.
create table ledger.entry (
  seq            bigint            not null,
  operation      bigint            not null, -- the seq of the operation's own entry: an opening it caused comes before it
  recorded_at    timestamptz       not null,
  debit_account  bigint,
  credit_account bigint,
  debit_version  bigint,
  credit_version bigint,
  scope          bigint, -- the account that initiated the operation: idempotency keys are unique within it
  book           integer           not null,
  kind           ledger.entry_kind not null,
  amount         numeric(38, 0),
  -- Wider than an amount: what entered through cash-in adds up over all wallets.
  debit_after    numeric(50, 0),
  credit_after   numeric(50, 0),
  debit_floor    numeric(38, 0),
  key            text collate "C",
  digest         bytea             not null, -- of what was asked: tells a replay from a key used for something else
  metadata       json,
  refusal        text,
  details        json,
  primary key (book, seq),
  check (amount > 0),
  check (debit_account <> credit_account),
  check (debit_after >= debit_floor),
  check (
    case
      when refusal is not null then kind <> 'open' or credit_account is null
      when kind = 'open' then debit_account is null and credit_account is not null and amount is null and credit_version = 0
      else debit_account is not null and credit_account is not null and amount is not null
       and debit_after is not null and credit_after is not null and debit_version > 0 and credit_version > 0
       and scope is not null and key is not null
    end
  )
);
-- The key before the scope: keys that rise with time (UUIDv7, order numbers) then grow the index at its end, which is 15 % of posting.
create unique index entry_by_key on ledger.entry (book, key, scope) where key is not null;
-- An account's postings by its own version, which only these indexes are ordered by. Ordered by seq, the newest one could also be
-- looked for by walking the primary key back, and a plan that does so reads the whole log for an account that was never debited.
create unique index entry_by_debit on ledger.entry (book, debit_account, debit_version) where debit_account is not null;
create unique index entry_by_credit on ledger.entry (book, credit_account, credit_version) where credit_account is not null;

create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'ledger.% is append-only: % is refused', tg_table_name, tg_op
    using errcode = 'restrict_violation', hint = 'Post a new entry that corrects the old one.';
end $$;

do $$
declare name text;
begin
  foreach name in array array['book', 'batch', 'account', 'entry'] loop
    execute format('create trigger append_only before update or delete or truncate on ledger.%I for each statement execute function ledger.refuse_change()', name);
    execute format('alter table ledger.%I enable always trigger append_only', name);
  end loop;
end $$;

-- The log only grows at its end: vacuum has nothing to reclaim, and freezing pages while they are warm spares a storm later.
alter table ledger.entry set (autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05);
