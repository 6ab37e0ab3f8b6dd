/** Rows as the verifier reads them: parsed from text, because it trusts neither types nor constraints. */
import { assert } from '../../kernel/index.ts';
import type { Declaration, DeclaredAccount } from '../chain/declarations.ts';
import { camelCase, entryColumns } from '../columns.ts';
import type { ChainFormat, EntryColumn } from '../columns.ts';

export type TextRow = readonly (string | null)[];

export type BatchRow = { batchNo: number; firstSeq: number; lastSeq: number; recordedAtUs: number; format: number; hash: string };

/** `kind` and `body` as they are hashed. */
export type DeclarationRow = Declaration & { readonly batchNo: number; readonly position: number };
/** One version of an asset; null where it has none. `firstName`: of the asset's own row. */
export type AssetRow = {
  readonly id: number;
  readonly code: string;
  readonly scale: number;
  readonly firstName: string;
  readonly version: { readonly number: number; readonly name: string; readonly kind: string; readonly retired: boolean } | null;
};
/** One version of an account of the chart. */
export type ChartRow = DeclaredAccount;
/** A book and its first moment, in microseconds since 1970. */
export type BookRow = { readonly book: number; readonly openedUs: number };

/** The account row that an opening names. */
export type AccountRow = {
  id: string;
  kind: string;
  asset: number;
  owner: string | null;
  floor: bigint | null;
  openedSeq: number;
  openedAtUs: number;
};

/** The parsed values of columns, by type: moments in microseconds since 1970. */
type TextValues = { int8: number; text: string; numeric: bigint; bytea: string; timestamptz: number };
type Columns = (typeof entryColumns)[number];
type FieldOf<C extends Columns> = C['type'] extends 'timestamptz' ? `${Camel<C['name']>}Us` : Camel<C['name']>;
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** The columns of a log row, with camel-case names. */
type LogColumns = { [C in Columns as FieldOf<C>]: TextValues[C['type']] | null };

export type LogRow = Omit<LogColumns, 'operation' | 'kind' | 'digest'> & {
  seq: number;
  recordedAtUs: number;
  operation: number;
  kind: string;
  digest: string;
  /** Openings only. */
  account: AccountRow | null;
  /** Reversals only. */
  original: OriginalRow | null;
  /** Saga steps that depend on earlier ones only. */
  saga: SagaRows | null;
};

/** A column with its field of a LogRow. */
const fields = entryColumns.map(({ name, type, since }) => ({
  field: (type === 'timestamptz' ? `${camelCase(name)}Us` : camelCase(name)) as keyof LogColumns,
  name,
  type,
  since,
}));

/** Selects what `logRow` reads: seq, moment, the columns of the table, then the account of an opening. */
export function logSelection(microseconds: (column: string) => string): string {
  const columns = fields.map(({ name, type }) => {
    if (type === 'timestamptz') return microseconds(`e.${name}`);
    return type === 'bytea' ? `encode(e.${name}, 'hex')` : `e.${name}`;
  });
  const account = ['a.id', 'a.kind', 'a.asset', 'a.owner', 'a.floor', 'a.opened_seq', microseconds('a.opened_at')];
  return ['e.seq', microseconds('e.recorded_at'), ...columns, ...account].join(', ');
}

/** Columns that must be empty in a batch of an older format, because its hash does not cover them. */
export function hasFurtherColumns(row: LogRow, format: ChainFormat): boolean {
  return fields.some(({ field, since }) => since > format && row[field] !== null);
}

/** A column's value as it is encoded into the chain. */
export function valueIn(column: EntryColumn): (row: LogRow) => number | string | bigint | Date | null {
  const found = fields.find(({ name }) => name === column.name);
  assert(found, `${column.name} is a column of the log`);
  const { field } = found;
  return column.type === 'timestamptz' ? (row) => moment(row[field] as number | null) : (row) => row[field];
}

/** Coffer never writes fractions of a millisecond; the rounded value hashes to something else. */
function moment(microseconds: number | null): Date | null {
  return microseconds === null ? null : new Date(Math.round(microseconds / 1000) + (microseconds % 1000 === 0 ? 0 : 1));
}

/** The entry that a reversal names. */
export type OriginalRow = {
  kind: string;
  debitAccount: number | null;
  creditAccount: number | null;
  amount: bigint | null;
  scope: number | null;
  refusal: string | null;
};

/** A step that another one depends on, in any book. */
export type StepRow = {
  kind: string;
  amount: bigint | null;
  asset: number | null;
  debitId: string | null;
  refusal: string | null;
  details: string | null;
  effectiveAtUs: number | null;
  metadata: string | null;
};
export type SagaRows = { readonly debit: StepRow | null; readonly decided: StepRow | null };

export type EventRow = { seq: number; part: number; type: string; wallet: string | null; operation: number };

/** An account as reads return it. */
export type BalanceRow = {
  number: number;
  balance: bigint;
  version: number;
  held: bigint;
  floor: bigint | null;
  controls: string | null;
  spentDay: bigint | null;
  spentMonth: bigint | null;
};

/** The seqs of the newest entries of 128 accounts. */
export type NewestPage = { readonly page: number; readonly seqs: readonly number[] };

/** The accounts that a batch names, in order. */
export type TailRow = { readonly lastSeq: number; readonly firstSeq: number; readonly accounts: readonly number[] };

export function logRow(row: TextRow): LogRow {
  const columns: Partial<Record<keyof LogColumns, unknown>> = {};
  for (const [at, { field, type }] of fields.entries()) columns[field] = parsers[type](row[at + columnsFrom]);
  const account = row.slice(columnsFrom + fields.length);
  return {
    ...(columns as LogColumns),
    seq: Number(row[0]),
    recordedAtUs: Number(row[1]),
    operation: Number(columns.operation),
    kind: textOf(columns.kind),
    digest: textOf(columns.digest),
    account: columns.kind === 'open' ? accountRow(account) : null,
    original: null,
    saga: null,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** After seq and moment. */
const columnsFrom = 2;

const parsers = {
  int8: numberOrNull,
  numeric: bigintOrNull,
  text: textOrNull,
  bytea: textOrNull,
  timestamptz: numberOrNull,
} as const;

export function originalRow(row: TextRow): OriginalRow {
  return {
    kind: row[1] ?? '',
    debitAccount: numberOrNull(row[2]),
    creditAccount: numberOrNull(row[3]),
    amount: bigintOrNull(row[4]),
    scope: numberOrNull(row[5]),
    refusal: row[6] ?? null,
  };
}

export function stepRow(row: TextRow): StepRow {
  return {
    kind: row[2] ?? '',
    amount: bigintOrNull(row[3]),
    asset: numberOrNull(row[4]),
    debitId: row[5] ?? null,
    refusal: row[6] ?? null,
    details: row[7] ?? null,
    effectiveAtUs: numberOrNull(row[8]),
    metadata: row[9] ?? null,
  };
}

export function balanceRow(row: TextRow): BalanceRow {
  return {
    number: Number(row[0]),
    balance: BigInt(row[1] ?? 0),
    version: Number(row[2]),
    held: BigInt(row[3] ?? 0),
    floor: bigintOrNull(row[4]),
    controls: row[5] ?? null,
    spentDay: bigintOrNull(row[6]),
    spentMonth: bigintOrNull(row[7]),
  };
}

function accountRow([id, kind, asset, owner, floor, openedSeq, openedAtUs]: TextRow): AccountRow | null {
  if (id === null || id === undefined) return null;
  return {
    id,
    kind: kind ?? '',
    asset: Number(asset),
    owner: owner ?? null,
    floor: bigintOrNull(floor),
    openedSeq: Number(openedSeq),
    openedAtUs: Number(openedAtUs),
  };
}

export function eventRow(row: TextRow): EventRow {
  return { seq: Number(row[0]), part: Number(row[1]), type: row[2] ?? '', wallet: row[3] ?? null, operation: Number(row[4]) };
}

function textOrNull(text: string | null | undefined): string | null {
  return text ?? null;
}

function numberOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}

function bigintOrNull(text: string | null | undefined): bigint | null {
  return text === null || text === undefined ? null : BigInt(text);
}
