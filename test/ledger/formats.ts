/** Batches as servers of older chain formats wrote them. */
import { chainHash, encodeEntries, encodeRows } from '../../packages/coffer/src/ledger/chain/chain.ts';
import type { Declaration } from '../../packages/coffer/src/ledger/chain/declarations.ts';
import type { NewRows } from '../../packages/coffer/src/ledger/chain/chain.ts';
import type { ChainFormat } from '../../packages/coffer/src/ledger/columns.ts';
import type { Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { decideTogether } from '../../packages/coffer/src/ledger/posting/batch.ts';
import type { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import { BookStore } from '../../packages/coffer/src/ledger/posting/store.ts';
import { prepare } from '../../packages/coffer/src/ledger/rules/prepared.ts';
import { takeBook } from '../support/books.ts';
import type { TestDatabase } from '../support/database.ts';

export type EarlierBatch = {
  readonly outcomes: readonly Outcome[];
  /** What the posting function takes: the header, then the columns of the format. */
  readonly header: readonly unknown[];
  readonly columns: readonly Buffer[];
};

/** The batch after the end of the log: without the later columns, and hashed without them. A second after the last one. */
export async function batchInFormat(
  database: TestDatabase,
  book: number,
  format: ChainFormat,
  state: BookState,
  operations: readonly Operation[],
): Promise<EarlierBatch> {
  const { rows: heads } = await database.pool.query<{ batch_no: number; last_seq: number; hash: Buffer; recorded_at: Date }>(
    'select batch_no, last_seq, hash, recorded_at from ledger.batch where book = $1 order by batch_no desc limit 1',
    [book],
  );
  const head = heads[0];
  if (!head) throw new Error('the book was opened');
  const recordedAt = new Date(head.recorded_at.getTime() + 1_000);
  const rows: NewRows = { openings: [], entries: [] };
  const outcomes = operations.flatMap((operation) =>
    decideTogether(state, { operations: [prepare(operation)], linked: false }, recordedAt, rows),
  );
  const header = { book, batchNo: head.batch_no + 1, firstSeq: head.last_seq + 1, recordedAt };
  const entries = encodeEntries(rows.entries, ({ of }) => of, format);
  const columns = encodeRows(format < 3 ? [] : await undeclared(database, book), rows.openings, entries, format);
  const hash = chainHash(head.hash, header, columns, format);
  const values = [book, header.batchNo, head.hash, hash, format, header.firstSeq, rows.entries.length, recordedAt.getTime() * 1000];
  return { outcomes, header: [...values, await takeBook(database, book)], columns };
}

export async function post({ pool }: TestDatabase, values: readonly unknown[]): Promise<void> {
  await pool.query(`select ledger.post_batch(${values.map((_, at) => `$${at + 1}`).join(', ')})`, [...values]);
}

async function undeclared({ url }: TestDatabase, book: number): Promise<Declaration[]> {
  const store = await BookStore.connect(url, book, () => undefined);
  try {
    return [...(await store.definitions()).undeclared];
  } finally {
    await store.close();
  }
}
