/** Reads log rows back: one select list, one mapping, for every query that answers with entries. */
import { assert } from '../../kernel/index.ts';
import type { RefusalCode } from '../rules/refusals.ts';
import { openControls } from '../rules/accounts.ts';
import type { Account, AccountKind, Controls, EntryKind, Limits, PostedSide, RecordedEntry, Spent } from '../rules/types.ts';

/** For a query that names the entry `e`; brings the names of both accounts along. */
export const entryColumns = `
  e.book, e.seq, e.operation, e.recorded_at, e.kind, e.amount, e.debit_floor, e.scope, e.key, encode(e.digest, 'hex') as digest,
  e.metadata::text as metadata, e.refusal, e.details::text as details,
  e.debit_account, d.id as debit_id, d.kind as debit_kind, e.debit_after, e.debit_version,
  e.credit_account, c.id as credit_id, c.kind as credit_kind, e.credit_after, e.credit_version,
  coalesce(d.asset, c.asset, (e.details -> 'asked' ->> 'asset')::integer) as asset,
  coalesce(e.debit_held, 0) as debit_held, coalesce(e.credit_held, 0) as credit_held, e.asked_amount, e.effective_at, e.hold, e.hold_left,
  e.expires_at, e.reverses, e.reversed, e.controls::text as controls, e.spent_day, e.spent_month,
  coalesce(e.debit_floor, (e.controls ->> 'floor')::numeric) as debit_side_floor,
  coalesce((
    select (k.controls ->> 'floor')::numeric from ledger.entry k
    where k.book = e.book and k.debit_account = e.credit_account and k.controls is not null and k.debit_version < e.credit_version
    order by k.debit_version desc limit 1), c.floor) as credit_floor`;

export const entrySides = `
  left join ledger.account d on d.book = e.book and d.number = e.debit_account
  left join ledger.account c on c.book = e.book and c.number = e.credit_account`;

export type EntryRow = {
  book: number;
  seq: number;
  operation: number;
  recorded_at: Date;
  kind: EntryKind;
  amount: bigint | null;
  debit_floor: bigint | null;
  scope: number | null;
  key: string | null;
  digest: string;
  metadata: string | null;
  refusal: RefusalCode | null;
  details: string | null;
  debit_account: number | null;
  debit_id: string | null;
  debit_kind: AccountKind | null;
  debit_after: bigint | null;
  debit_version: number | null;
  credit_account: number | null;
  credit_id: string | null;
  credit_kind: AccountKind | null;
  credit_after: bigint | null;
  credit_version: number | null;
  asset: number | null;
  debit_held: bigint;
  credit_held: bigint;
  asked_amount: bigint | null;
  effective_at: Date | null;
  hold: number | null;
  hold_left: bigint | null;
  expires_at: Date | null;
  reverses: number | null;
  reversed: bigint | null;
  controls: string | null;
  spent_day: bigint | null;
  spent_month: bigint | null;
  debit_side_floor: bigint | null;
  credit_floor: bigint | null;
};

export function entryFromRow(row: EntryRow): RecordedEntry {
  return {
    book: row.book,
    seq: row.seq,
    operation: row.operation,
    recordedAt: row.recorded_at,
    kind: row.kind,
    debit: side(row.debit_account, row.debit_id, row.debit_kind, row.debit_after, row.debit_held, row.debit_side_floor, row.debit_version),
    credit: side(
      row.credit_account,
      row.credit_id,
      row.credit_kind,
      row.credit_after,
      row.credit_held,
      row.credit_floor,
      row.credit_version,
    ),
    asset: row.asset,
    amount: row.amount,
    askedAmount: row.asked_amount,
    debitFloor: row.debit_floor,
    scope: row.scope,
    key: row.key,
    digest: row.digest,
    metadata: row.metadata,
    refusal: row.refusal === null ? null : { code: row.refusal, facts: factsIn(row.details) },
    details: row.details,
    effectiveAt: row.effective_at,
    hold: row.hold,
    holdLeft: row.hold_left,
    expiresAt: row.expires_at,
    reverses: row.reverses,
    reversed: row.reversed,
    controls: row.controls,
    spentDay: row.spent_day,
    spentMonth: row.spent_month,
  };
}

function side(
  number: number | null,
  id: string | null,
  kind: AccountKind | null,
  balance: bigint | null,
  held: bigint,
  floor: bigint | null,
  version: number | null,
): PostedSide | null {
  if (number === null) return null;
  assert(id !== null && kind !== null && balance !== null && version !== null, "an entry's account is on record");
  return { number, id, kind, balance, held, floor, version };
}

function factsIn(details: string | null): Record<string, string> {
  assert(details !== null, 'a refusal has details');
  return (JSON.parse(details) as { facts: Record<string, string> }).facts;
}

/** For a query that names a row of the view `ledger.balance` `b`. */
export const accountColumns = `b.number, b.id, b.kind, b.asset, b.owner, b.floor, b.balance, b.held, b.version, b.controls::text as controls,
  b.spent_day, b.spent_month, b.debited_at`;

export type AccountRow = {
  number: number;
  id: string;
  kind: AccountKind;
  asset: number;
  owner: string | null;
  floor: bigint | null;
  balance: bigint;
  held: bigint;
  version: number;
  controls: string | null;
  spent_day: bigint | null;
  spent_month: bigint | null;
  debited_at: Date | null;
};

export function accountFromRow(row: AccountRow): Account {
  const { number, id, kind, asset, owner, floor, balance, held, version } = row;
  const controls = row.controls === null ? openControls : controlsFromText(row.controls);
  return { number, id, kind, asset, owner, floor, balance, held, controls, spent: spentIn(row), version };
}

/** The newest debit says what left the wallet on its own day and in its own month. */
function spentIn({ spent_day: day, spent_month: month, debited_at: debitedAt }: AccountRow): Spent | null {
  return day === null || month === null || debitedAt === null ? null : { at: debitedAt.getTime(), day, month };
}

type ControlsText = Omit<Controls, 'limits'> & { readonly limits: { readonly [limit in keyof Limits]: string | null } | null };

/** What a control entry says; the floor beside it is in `floor` already. */
export function controlsFromText(text: string): Controls {
  const { debits, credits, limits } = JSON.parse(text) as ControlsText;
  const amount = (limit: string | null) => (limit === null ? null : BigInt(limit));
  return {
    debits,
    credits,
    limits: limits && { perTransfer: amount(limits.perTransfer), perDay: amount(limits.perDay), perMonth: amount(limits.perMonth) },
  };
}
