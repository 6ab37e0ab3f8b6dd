/**
 * The columns of a log row. Posting, the chain, reads and the verifier all derive their columns from this table. The order is that of the
 * posting function's parameters and of the chain. To add a column, write a migration, extend the posting function, and add a chain format and a line here.
 */
import { keyspaceOf, storedKey } from './rules/keyspaces.ts';
import type { Entry, RecordedEntry } from './rules/types.ts';

/** The type of a column's values in memory, by its PostgreSQL type. */
type Values = { int8: number; text: string; numeric: bigint; bytea: string; timestamptz: Date };
export type ColumnType = keyof Values;
export type Value<T extends ColumnType> = Values[T];

/**
 * How a batch is encoded for the hash chain, stored in each batch row. A new encoding gets the next number, and the verifier keeps the old
 * ones: a column that comes later is part of the formats since its own. Format 1 wrote every null; since format 2 a column without values
 * is an empty array; since format 3 a batch has declarations, and an entry its actor; since format 4 an entry names the previous one of each of its accounts.
 */
const chainFormats = [1, 2, 3, 4] as const;
export type ChainFormat = (typeof chainFormats)[number];
/** The format of new batches. */
export const chainFormat: ChainFormat = 4;

type Column<N extends string, T extends ColumnType> = {
  readonly name: N;
  readonly type: T;
  /** The chain format that introduced it. */
  readonly since: ChainFormat;
  /** JSON in the database, its text in memory. */
  readonly json?: true;
  /** The entry field that the column stores; absent when it stores a part of one. */
  readonly field?: Camel<N> & keyof Entry;
  readonly of: (entry: RecordedEntry) => Values[T] | null;
};

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
/** Column names whose camel-case form is an entry field of that type. */
type Plain<N extends string, T extends ColumnType> =
  Camel<N> extends keyof Entry ? (Entry[Camel<N>] extends Values[T] | null ? N : never) : never;

export const entryColumns = [
  plain('operation', 'int8'),
  plain('kind', 'text'),
  part('debit_account', 'int8', ({ debit }) => debit && debit.number),
  part('credit_account', 'int8', ({ credit }) => credit && credit.number),
  plain('amount', 'numeric'),
  part('debit_after', 'numeric', ({ debit }) => debit && debit.balance),
  part('credit_after', 'numeric', ({ credit }) => credit && credit.balance),
  part('debit_version', 'int8', ({ debit }) => debit && debit.version),
  part('credit_version', 'int8', ({ credit }) => credit && credit.version),
  plain('debit_floor', 'numeric'),
  plain('scope', 'int8'),
  key(),
  plain('digest', 'bytea'),
  json('metadata'),
  part('refusal', 'text', ({ refusal }) => refusal && refusal.code),
  json('details'),
  // Since format 2. A held amount of zero is stored as null, which costs no space.
  part('debit_held', 'numeric', ({ debit }) => (debit && debit.held !== 0n ? debit.held : null), 2),
  part('credit_held', 'numeric', ({ credit }) => (credit && credit.held !== 0n ? credit.held : null), 2),
  plain('asked_amount', 'numeric', 2),
  plain('effective_at', 'timestamptz', 2),
  plain('hold', 'int8', 2),
  plain('hold_left', 'numeric', 2),
  plain('expires_at', 'timestamptz', 2),
  plain('reverses', 'int8', 2),
  plain('reversed', 'numeric', 2),
  json('controls', 2),
  plain('spent_day', 'numeric', 2),
  plain('spent_month', 'numeric', 2),
  plain('actor', 'text', 3),
  plain('approver', 'text', 3),
  plain('leg', 'int8', 3),
  part('debit_previous', 'int8', ({ debit }) => debit && debit.previous, 4),
  part('credit_previous', 'int8', ({ credit }) => credit && credit.previous, 4),
] as const;

type EntryColumns = (typeof entryColumns)[number];
export type EntryColumn = Column<string, ColumnType>;

/** A row as reads select it, keyed by column name. */
export type StoredEntry = { [C in EntryColumns as C['name']]: Values[C['type']] | null };
/** The entry fields that have a column of their own. */
export type PlainField = Extract<EntryColumns, { readonly field: string }>['field'];

/** Does not compile when a field of Entry has no column. `seq` is the row's position; the sides and the refusal are stored in parts. */
type FieldWithoutColumn = Exclude<keyof Entry, PlainField | 'seq' | 'debit' | 'credit' | 'asset' | 'refusal'>;
const everyFieldHasColumn: [FieldWithoutColumn] extends [never] ? true : FieldWithoutColumn = true;

const byFormat: ReadonlyMap<number, readonly EntryColumn[]> = new Map(
  chainFormats.map((format) => [format, everyFieldHasColumn && entryColumns.filter(({ since }) => since <= format)]),
);

/** The columns of a chain format, in order. */
export function columnsOf(format: ChainFormat): readonly EntryColumn[] {
  return byFormat.get(format) ?? entryColumns;
}

/** The format with a number; undefined when this Coffer does not know it. */
export function formatOf(number: number): ChainFormat | undefined {
  return chainFormats.find((format) => format === number);
}

function plain<const N extends string, const T extends ColumnType>(name: Plain<N, T> & N, type: T, since: ChainFormat = 1) {
  const field = camelCase(name) as Camel<N> & keyof Entry;
  return { name, type, since, field, of: (entry: RecordedEntry) => entry[field] as Values[T] | null } as const;
}

/** A key is stored with its keyspace. */
function key() {
  const of = ({ key: sent, actor }: RecordedEntry) => (sent === null ? null : storedKey(sent, keyspaceOf(actor)));
  return { name: 'key', type: 'text', since: 1, field: 'key', of } as const;
}

function json<const N extends 'metadata' | 'details' | 'controls'>(name: N, since: ChainFormat = 1) {
  return { name, type: 'text', since, json: true, field: name as Camel<N> & N, of: (entry: RecordedEntry) => entry[name] } as const;
}

function part<const N extends string, const T extends ColumnType>(name: N, type: T, of: Column<N, T>['of'], since: ChainFormat = 1) {
  return { name, type, since, of } as const;
}

export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase());
}
