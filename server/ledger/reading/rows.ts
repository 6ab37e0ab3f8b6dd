/** Reads log rows back: one select list, one mapping, for every query that answers with entries. */
import { assert } from '../../kernel/index.ts';
import type { RefusalCode } from '../rules/refusals.ts';
import type { Account, AccountKind, EntryKind, PostedSide, RecordedEntry } from '../rules/types.ts';

/** For a query that names the entry `e`; brings the names of both accounts along. */
export const entryColumns = `
  e.book, e.seq, e.operation, e.recorded_at, e.kind, e.amount, e.debit_floor, e.scope, e.key, encode(e.digest, 'hex') as digest,
  e.metadata::text as metadata, e.refusal, e.details::text as details,
  e.debit_account, d.id as debit_id, d.kind as debit_kind, e.debit_after, e.debit_version,
  e.credit_account, c.id as credit_id, c.kind as credit_kind, e.credit_after, e.credit_version,
  coalesce(c.asset, (e.details -> 'asked' ->> 'asset')::integer) as asset`;

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
};

export function entryFromRow(row: EntryRow): RecordedEntry {
  return {
    book: row.book,
    seq: row.seq,
    operation: row.operation,
    recordedAt: row.recorded_at,
    kind: row.kind,
    debit: side(row.debit_account, row.debit_id, row.debit_kind, row.debit_after, row.debit_version),
    credit: side(row.credit_account, row.credit_id, row.credit_kind, row.credit_after, row.credit_version),
    asset: row.asset,
    amount: row.amount,
    debitFloor: row.debit_floor,
    scope: row.scope,
    key: row.key,
    digest: row.digest,
    metadata: row.metadata,
    refusal: row.refusal === null ? null : { code: row.refusal, facts: factsIn(row.details) },
    details: row.details,
  };
}

function side(
  number: number | null,
  id: string | null,
  kind: AccountKind | null,
  balance: bigint | null,
  version: number | null,
): PostedSide | null {
  if (number === null) return null;
  assert(id !== null && kind !== null && balance !== null && version !== null, "an entry's account is on record");
  return { number, id, kind, balance, version };
}

function factsIn(details: string | null): Record<string, string> {
  assert(details !== null, 'a refusal has details');
  return (JSON.parse(details) as { facts: Record<string, string> }).facts;
}

/** For a query that names a row of the view `ledger.balance` `b`. */
export const accountColumns = 'b.number, b.id, b.kind, b.asset, b.owner, b.floor, b.balance, b.version';

export type AccountRow = {
  number: number;
  id: string;
  kind: AccountKind;
  asset: number;
  owner: string | null;
  floor: bigint | null;
  balance: bigint;
  version: number;
};

export function accountFromRow(row: AccountRow): Account {
  const { number, id, kind, asset, owner, floor, balance, version } = row;
  return { number, id, kind, asset, owner, floor, balance, version };
}
