/** Maps log rows to entries: one select list and one mapping for every query that returns entries. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';
import type { RefusalCode } from '../rules/refusals.ts';
import { openControls } from '../rules/accounts.ts';
import { callersKey } from '../rules/keyspaces.ts';
import { entryColumns } from '../columns.ts';
import type { EntryColumn, PlainField, StoredEntry } from '../columns.ts';
import type { Account, AccountKind, Controls, Limits, PostedSide, RecordedEntry, Spent } from '../rules/types.ts';

/** For a query about book $1 that names the entry `e`; includes the names of both accounts. */
export const entrySelection = `
  e.book, e.seq, e.recorded_at, ${entryColumns.map(selected).join(', ')},
  d.id as debit_id, d.kind as debit_kind, c.id as credit_id, c.kind as credit_kind,
  coalesce(d.asset, c.asset, (e.details -> 'asked' ->> 'asset')::integer) as asset,
  coalesce(e.debit_floor, (e.controls ->> 'floor')::numeric) as debit_side_floor,
  coalesce((
    select (k.controls ->> 'floor')::numeric from ledger.entry k
    where k.book = $1 and k.debit_account = e.credit_account and k.controls is not null and k.debit_version < e.credit_version
    order by k.debit_version desc limit 1), c.floor) as credit_floor`;

function selected({ name, type, json }: EntryColumn): string {
  if (json) return `e.${name}::text as ${name}`;
  return type === 'bytea' ? `encode(e.${name}, 'hex') as ${name}` : `e.${name}`;
}

/** For the same query. Both name the book by its parameter, so that a cluster can send the query to the machine of the book. */
export const entrySides = `
  left join ledger.account d on d.book = $1 and d.number = e.debit_account
  left join ledger.account c on c.book = $1 and c.number = e.credit_account`;

export type EntryRow = StoredEntry & {
  book: number;
  seq: number;
  recorded_at: Date;
  debit_id: string | null;
  debit_kind: AccountKind | null;
  credit_id: string | null;
  credit_kind: AccountKind | null;
  asset: number | null;
  debit_side_floor: bigint | null;
  credit_floor: bigint | null;
};

/** Whether the log has an entry, within the caller's transaction. */
export async function hasEntry(client: pg.ClientBase, book: number, seq: number): Promise<boolean> {
  const { rowCount } = await client.query('select 1 from ledger.entry where book = $1 and seq = $2', [book, seq]);
  return rowCount === 1;
}

const plainColumns = entryColumns.filter((column) => 'field' in column);

export function entryFromRow(row: EntryRow): RecordedEntry {
  const fields: Partial<Record<PlainField, unknown>> = {};
  for (const { field, name } of plainColumns) fields[field] = row[name];
  return {
    ...(fields as Pick<RecordedEntry, PlainField>),
    book: row.book,
    seq: row.seq,
    recordedAt: row.recorded_at,
    debit: side(
      row.debit_account,
      row.debit_id,
      row.debit_kind,
      row.debit_after,
      row.debit_held,
      row.debit_side_floor,
      row.debit_version,
      row.debit_previous,
    ),
    credit: side(
      row.credit_account,
      row.credit_id,
      row.credit_kind,
      row.credit_after,
      row.credit_held,
      row.credit_floor,
      row.credit_version,
      row.credit_previous,
    ),
    asset: row.asset,
    key: row.key === null ? null : callersKey(row.key),
    refusal: row.refusal === null ? null : { code: row.refusal as RefusalCode, facts: factsIn(row.details) },
  };
}

function side(
  number: number | null,
  id: string | null,
  kind: AccountKind | null,
  balance: bigint | null,
  held: bigint | null,
  floor: bigint | null,
  version: number | null,
  previous: number | null,
): PostedSide | null {
  if (number === null) return null;
  assert(id !== null && kind !== null && balance !== null && version !== null, "an entry's account exists");
  return { number, id, kind, balance, held: held ?? 0n, floor, version, previous };
}

function factsIn(details: string | null): Record<string, string> {
  assert(details !== null, 'a refusal has details');
  return (JSON.parse(details) as { facts: Record<string, string> }).facts;
}

/** For a query that names a row of the view `ledger.balance`, or of `ledger.balances_of`, `b`. */
export const accountColumns = `b.number, b.id, b.kind, b.asset, b.owner, b.floor, b.balance, b.held, b.version, b.seq, b.controls::text as controls,
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
  /** Null if the log lacks the account's newest entry. */
  version: number | null;
  seq: number;
  controls: string | null;
  spent_day: bigint | null;
  spent_month: bigint | null;
  debited_at: Date | null;
};

export function accountFromRow(row: AccountRow): Account {
  assert(row.version !== null, `the newest entry of account ${row.number} is in the log`);
  const { number, id, kind, asset, owner, floor, balance, held, version, seq } = row;
  const controls = row.controls === null ? openControls : controlsFromText(row.controls);
  return { number, id, kind, asset, owner, floor, balance, held, controls, spent: spentIn(row), version, seq, previous: null };
}

/** The newest debit stores what left the wallet on its day and in its month. */
function spentIn({ spent_day: day, spent_month: month, debited_at: debitedAt }: AccountRow): Spent | null {
  return day === null || month === null || debitedAt === null ? null : { at: debitedAt.getTime(), day, month };
}

type ControlsText = Omit<Controls, 'limits'> & { readonly limits: { readonly [limit in keyof Limits]: string | null } | null };

/** Parses a control entry; its floor is already in the column `floor`. */
export function controlsFromText(text: string): Controls {
  const { debits, credits, limits } = JSON.parse(text) as ControlsText;
  const amount = (limit: string | null) => (limit === null ? null : BigInt(limit));
  return {
    debits,
    credits,
    limits: limits && { perTransfer: amount(limits.perTransfer), perDay: amount(limits.perDay), perMonth: amount(limits.perMonth) },
  };
}
