-- The only way into the ledger. Takes the book's lock, checks the fence, inserts one batch, and returns the database's clock (microseconds
-- since 1970). Null: the fence did not hold because the batch does not follow the end of the log, and nothing was written. A term that
-- ended, or none, is an error: another process owns the book. Columns arrive as arrays; entries
-- are numbered here in order, starting at p_first_seq. A column without values arrives as an empty array, which unnest pads with nulls.
create or replace function ledger.post_batch(
  p_book integer, p_batch_no bigint, p_previous_hash bytea, p_hash bytea, p_format smallint,
  p_first_seq bigint, p_count integer, p_recorded_at_us bigint, p_term bigint, p_declaration_kind text[], p_declaration_body text[],
  p_account_number bigint[], p_account_id text[], p_account_kind text[], p_account_asset bigint[], p_account_owner text[],
  p_account_floor numeric[], p_account_opened bigint[],
  p_operation bigint[], p_kind text[], p_debit_account bigint[], p_credit_account bigint[], p_amount numeric[],
  p_debit_after numeric[], p_credit_after numeric[], p_debit_version bigint[], p_credit_version bigint[], p_debit_floor numeric[],
  p_scope bigint[], p_key text[], p_digest bytea[], p_metadata text[], p_refusal text[], p_details text[],
  p_debit_held numeric[], p_credit_held numeric[], p_asked_amount numeric[], p_effective_at timestamptz[], p_hold bigint[],
  p_hold_left numeric[], p_expires_at timestamptz[], p_reverses bigint[], p_reversed numeric[], p_controls text[],
  p_spent_day numeric[], p_spent_month numeric[], p_actor text[], p_approver text[], p_leg bigint[], p_debit_previous bigint[],
  p_credit_previous bigint[]
) returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  recorded_at constant timestamptz := timestamptz 'epoch' + p_recorded_at_us * interval '1 microsecond';
begin
  perform 1 from ledger.book b where b.book = p_book for no key update;

  -- A new owner takes the same lock before its term begins, so no batch of an earlier term can follow.
  if not exists (
    select 1 from ownership.lease l where l.book = p_book and l.term = p_term and l.process is not null
  ) then
    raise exception 'another process owns book %', p_book using errcode = 'CF001';
  end if;

  if not exists (
    select 1 from ledger.batch b
    where b.book = p_book and b.batch_no = p_batch_no - 1 and b.hash = p_previous_hash and b.last_seq = p_first_seq - 1
  ) or exists (select 1 from ledger.batch b where b.book = p_book and b.batch_no = p_batch_no) then
    return null;
  end if;

  insert into ledger.batch (book, batch_no, first_seq, last_seq, recorded_at, format, hash)
  values (p_book, p_batch_no, p_first_seq, p_first_seq + p_count - 1, recorded_at, p_format, p_hash);

  if cardinality(p_declaration_kind) > 0 then
    insert into ledger.declaration (book, batch_no, position, kind, body)
    select p_book, p_batch_no, d.position, d.kind, d.body::json
    from unnest(p_declaration_kind, p_declaration_body) with ordinality as d (kind, body, position);
  end if;

  if cardinality(p_account_number) > 0 then
    perform ledger.refuse_retired(p_book, p_account_kind, p_account_asset);
    insert into ledger.account (book, number, id, kind, asset, owner, floor, opened_seq, opened_at)
    select p_book, a.number, a.id, a.kind::ledger.account_kind, a.asset, a.owner, a.floor, a.opened_seq, recorded_at
    from unnest(p_account_number, p_account_id, p_account_kind, p_account_asset, p_account_owner, p_account_floor, p_account_opened)
      as a (number, id, kind, asset, owner, floor, opened_seq);
  end if;

  insert into ledger.entry (
    seq, operation, recorded_at, debit_account, credit_account, debit_version, credit_version, scope, book, kind,
    amount, debit_after, credit_after, debit_floor, key, digest, metadata, refusal, details,
    debit_held, credit_held, asked_amount, effective_at, hold, hold_left, expires_at, reverses, reversed, controls, spent_day, spent_month,
    actor, approver, leg, debit_previous, credit_previous)
  select p_first_seq + e.position - 1, e.operation, recorded_at, e.debit_account, e.credit_account, e.debit_version,
    e.credit_version, e.scope, p_book, e.kind::ledger.entry_kind, e.amount, e.debit_after, e.credit_after, e.debit_floor, e.key,
    e.digest, e.metadata::json, e.refusal, e.details::json, e.debit_held, e.credit_held, e.asked_amount, e.effective_at, e.hold,
    e.hold_left, e.expires_at, e.reverses, e.reversed, e.controls::json, e.spent_day, e.spent_month,
    e.actor, e.approver, e.leg, e.debit_previous, e.credit_previous
  from unnest(
      p_operation, p_kind, p_debit_account, p_credit_account, p_amount, p_debit_after, p_credit_after, p_debit_version,
      p_credit_version, p_debit_floor, p_scope, p_key, p_digest, p_metadata, p_refusal, p_details, p_debit_held, p_credit_held,
      p_asked_amount, p_effective_at, p_hold, p_hold_left, p_expires_at, p_reverses, p_reversed, p_controls, p_spent_day, p_spent_month,
      p_actor, p_approver, p_leg, p_debit_previous, p_credit_previous)
    with ordinality as e (
      operation, kind, debit_account, credit_account, amount, debit_after, credit_after, debit_version, credit_version,
      debit_floor, scope, key, digest, metadata, refusal, details, debit_held, credit_held, asked_amount, effective_at, hold, hold_left,
      expires_at, reverses, reversed, controls, spent_day, spent_month, actor, approver, leg,
      debit_previous, credit_previous, position);

  insert into ledger.newest_tail (book, last_seq, first_seq, accounts)
  select p_book, p_first_seq + p_count - 1, p_first_seq, array_agg(distinct named.account order by named.account)
  from unnest(p_debit_account || p_credit_account) as named (account) where named.account is not null
  having count(*) > 0;

  return (extract(epoch from clock_timestamp()) * 1000000)::bigint;
end $$;
