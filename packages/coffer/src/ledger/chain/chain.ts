/**
 * The hash chain: hash(n) = SHA-256(hash(n-1) ‖ canonical bytes of batch n). See docs/concepts/chain.md.
 *
 * The canonical bytes are a header, then each column prefixed with its length, so no two batches share an encoding.
 */
import { createHash } from 'node:crypto';
import { byteaColumn, int8Column, numericColumn, textColumn, timestamptzColumn } from '../../database/index.ts';
import { chainFormat, columnsOf } from '../columns.ts';
import type { ChainFormat, ColumnType, EntryColumn, Value } from '../columns.ts';
import type { Account, RecordedEntry } from '../rules/types.ts';
import type { Declaration } from './declarations.ts';

export type BatchHeader = {
  readonly book: number;
  readonly batchNo: number;
  readonly firstSeq: number;
  readonly recordedAt: Date;
};

/** An account that the batch opens, and the seq of its opening. */
export type Opening = { readonly account: Account; readonly seq: number };

/** The rows that decisions add to the ledger. */
export type NewRows = { readonly openings: Opening[]; readonly entries: RecordedEntry[] };

/** The rows of a batch. */
export type Rows = NewRows & { readonly declarations: readonly Declaration[] };

/** A batch as it is posted: its header, the hash it follows, its own, and its columns. */
export type SealedBatch = {
  readonly header: BatchHeader;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  readonly count: number;
  readonly columns: readonly Buffer[];
};

/** Encodes rows as the batch after a head, and seals them into the chain. */
export function seal(
  book: number,
  follows: { readonly batchNo: number; readonly lastSeq: number; readonly hash: Buffer },
  rows: Rows,
  recordedAt: Date,
): SealedBatch {
  const header = { book, batchNo: follows.batchNo + 1, firstSeq: follows.lastSeq + 1, recordedAt };
  const columns = encodeBatch(rows);
  return { header, previousHash: follows.hash, hash: chainHash(follows.hash, header, columns), count: rows.entries.length, columns };
}

/** The columns of a batch, in the order of the posting function's parameters and of the hash. */
export function encodeBatch({ declarations, openings, entries }: Rows): Buffer[] {
  return encodeRows(
    declarations,
    openings,
    encodeEntries(entries, ({ of }) => of, chainFormat),
    chainFormat,
  );
}

/** Likewise, in any format, with columns of entries that are encoded already. */
export function encodeRows(
  declarations: readonly Declaration[],
  openings: readonly Opening[],
  entries: readonly Buffer[],
  format: ChainFormat,
): Buffer[] {
  return [...(format < 3 ? [] : encodeDeclarations(declarations)), ...encodeOpenings(openings, format), ...entries];
}

function encodeDeclarations(declarations: readonly Declaration[]): Buffer[] {
  return [textColumn(declarations, ({ kind }) => kind), textColumn(declarations, ({ body }) => body)];
}

function encodeOpenings(openings: readonly Opening[], format: ChainFormat): Buffer[] {
  const dense = format === 1;
  return [
    int8Column(openings, ({ account }) => account.number, dense),
    textColumn(openings, ({ account }) => account.id, dense),
    textColumn(openings, ({ account }) => account.kind, dense),
    int8Column(openings, ({ account }) => account.asset, dense),
    textColumn(openings, ({ account }) => account.owner, dense),
    numericColumn(openings, ({ account }) => account.floor, dense),
    int8Column(openings, ({ seq }) => seq, dense),
  ];
}

/** `valueOf` returns the function that reads a column's value from a row. */
export function encodeEntries<Row>(
  entries: readonly Row[],
  valueOf: (column: EntryColumn) => (row: Row) => Value<ColumnType> | null,
  format: ChainFormat,
): Buffer[] {
  const dense = format === 1;
  return columnsOf(format).map((column) => encoders[column.type](entries, valueOf(column) as never, dense));
}

/** The encoder of each column type; each picks values of its own type. */
const encoders: Readonly<Record<ColumnType, (rows: readonly unknown[], pick: never, dense: boolean) => Buffer>> = {
  int8: int8Column,
  text: textColumn,
  numeric: numericColumn,
  bytea: byteaColumn,
  timestamptz: timestamptzColumn,
};

export function chainHash(previous: Buffer, header: BatchHeader, columns: readonly Buffer[], format: ChainFormat = chainFormat): Buffer {
  const fixed = Buffer.alloc(1 + 4 + 8 * 3);
  let at = fixed.writeUInt8(format, 0);
  at = fixed.writeUInt32BE(header.book, at);
  at = fixed.writeBigUInt64BE(BigInt(header.batchNo), at);
  at = fixed.writeBigUInt64BE(BigInt(header.firstSeq), at);
  fixed.writeBigUInt64BE(BigInt(header.recordedAt.getTime()), at);

  const hash = createHash('sha256').update(previous).update(fixed);
  const length = Buffer.alloc(4);
  for (const column of columns) {
    length.writeUInt32BE(column.length, 0);
    hash.update(length).update(column);
  }
  return hash.digest();
}
