/**
 * The hash chain: hash(n) = SHA-256(hash(n-1) ‖ canonical bytes of batch n). See docs/concepts/chain.md.
 *
 * The canonical bytes are a header and then each column with its length before it, so no two batches share an encoding.
 */
import { createHash } from 'node:crypto';
import { byteaColumn, int8Column, numericColumn, textColumn, timestamptzColumn } from '../../database/index.ts';
import type { Account, PostedSide, RecordedEntry } from '../rules/types.ts';

/**
 * Named in each batch row; a change of the encoding gets the next number, and the verifier keeps the old ones. 1 had fewer columns, and
 * wrote each null; since 2 a column without any value is an empty array.
 */
export type ChainFormat = 1 | 2;
export const chainFormat: ChainFormat = 2;

export type BatchHeader = {
  readonly book: number;
  readonly batchNo: number;
  readonly firstSeq: number;
  readonly recordedAt: Date;
};

/** An account that the batch opens, and the seq of its opening. */
export type Opening = { readonly account: Account; readonly seq: number };

/** What a batch adds to the ledger. */
export type Rows = { readonly openings: Opening[]; readonly entries: RecordedEntry[] };

/** The columns of a batch, in the order in which the posting function takes them and the chain hashes them. */
export function encodeBatch({ openings, entries }: Rows, format: ChainFormat = chainFormat): Buffer[] {
  const dense = format === 1;
  const columns = [
    int8Column(openings, ({ account }) => account.number, dense),
    textColumn(openings, ({ account }) => account.id, dense),
    textColumn(openings, ({ account }) => account.kind, dense),
    int8Column(openings, ({ account }) => account.asset, dense),
    textColumn(openings, ({ account }) => account.owner, dense),
    numericColumn(openings, ({ account }) => account.floor, dense),
    int8Column(openings, ({ seq }) => seq, dense),
    int8Column(entries, (entry) => entry.operation, dense),
    textColumn(entries, (entry) => entry.kind, dense),
    int8Column(entries, (entry) => entry.debit && entry.debit.number, dense),
    int8Column(entries, (entry) => entry.credit && entry.credit.number, dense),
    numericColumn(entries, (entry) => entry.amount, dense),
    numericColumn(entries, (entry) => entry.debit && entry.debit.balance, dense),
    numericColumn(entries, (entry) => entry.credit && entry.credit.balance, dense),
    int8Column(entries, (entry) => entry.debit && entry.debit.version, dense),
    int8Column(entries, (entry) => entry.credit && entry.credit.version, dense),
    numericColumn(entries, (entry) => entry.debitFloor, dense),
    int8Column(entries, (entry) => entry.scope, dense),
    textColumn(entries, (entry) => entry.key, dense),
    byteaColumn(entries, (entry) => entry.digest),
    textColumn(entries, (entry) => entry.metadata, dense),
    textColumn(entries, (entry) => entry.refusal && entry.refusal.code, dense),
    textColumn(entries, (entry) => entry.details, dense),
  ];
  return format === 1 ? columns : [...columns, ...encodeFurther(entries)];
}

/** What plain postings leave empty, since format 2. */
function encodeFurther(entries: readonly RecordedEntry[]): Buffer[] {
  return [
    numericColumn(entries, (entry) => heldOf(entry.debit)),
    numericColumn(entries, (entry) => heldOf(entry.credit)),
    numericColumn(entries, (entry) => entry.askedAmount),
    timestamptzColumn(entries, (entry) => entry.effectiveAt),
    int8Column(entries, (entry) => entry.hold),
    numericColumn(entries, (entry) => entry.holdLeft),
    timestamptzColumn(entries, (entry) => entry.expiresAt),
    int8Column(entries, (entry) => entry.reverses),
    numericColumn(entries, (entry) => entry.reversed),
    textColumn(entries, (entry) => entry.controls),
    numericColumn(entries, (entry) => entry.spentDay),
    numericColumn(entries, (entry) => entry.spentMonth),
  ];
}

/** Nothing held is no value, so that it costs nothing. */
function heldOf(side: PostedSide | null): bigint | null {
  return side && side.held !== 0n ? side.held : null;
}

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
