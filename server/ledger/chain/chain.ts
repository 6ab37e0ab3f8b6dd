/**
 * The hash chain: hash(n) = SHA-256(hash(n-1) ‖ canonical bytes of batch n). See docs/concepts/chain.md.
 *
 * The canonical bytes are a header and then each column with its length before it, so no two batches share an encoding.
 */
import { createHash } from 'node:crypto';
import { byteaColumn, int8Column, numericColumn, textColumn } from './columns.ts';
import type { Account, RecordedEntry } from '../rules/types.ts';

/** Named in each batch row; a change of the encoding gets the next number, and the verifier keeps the old ones. */
export const chainFormat = 1;

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
export function encodeBatch({ openings, entries }: Rows): Buffer[] {
  return [
    int8Column(openings, ({ account }) => account.number),
    textColumn(openings, ({ account }) => account.id),
    textColumn(openings, ({ account }) => account.kind),
    int8Column(openings, ({ account }) => account.asset),
    textColumn(openings, ({ account }) => account.owner),
    numericColumn(openings, ({ account }) => account.floor),
    int8Column(openings, ({ seq }) => seq),
    int8Column(entries, (entry) => entry.operation),
    textColumn(entries, (entry) => entry.kind),
    int8Column(entries, (entry) => entry.debit && entry.debit.number),
    int8Column(entries, (entry) => entry.credit && entry.credit.number),
    numericColumn(entries, (entry) => entry.amount),
    numericColumn(entries, (entry) => entry.debit && entry.debit.balance),
    numericColumn(entries, (entry) => entry.credit && entry.credit.balance),
    int8Column(entries, (entry) => entry.debit && entry.debit.version),
    int8Column(entries, (entry) => entry.credit && entry.credit.version),
    numericColumn(entries, (entry) => entry.debitFloor),
    int8Column(entries, (entry) => entry.scope),
    textColumn(entries, (entry) => entry.key),
    byteaColumn(entries, (entry) => entry.digest),
    textColumn(entries, (entry) => entry.metadata),
    textColumn(entries, (entry) => entry.refusal && entry.refusal.code),
    textColumn(entries, (entry) => entry.details),
  ];
}

export function chainHash(previous: Buffer, header: BatchHeader, columns: readonly Buffer[]): Buffer {
  const fixed = Buffer.alloc(1 + 4 + 8 * 3);
  let at = fixed.writeUInt8(chainFormat, 0);
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
