/** A batch: requests decided together, and the rows they add to the log, encoded and sealed into the chain. */
import { chainHash, encodeBatch } from '../chain/chain.ts';
import type { NewRows, Rows } from '../chain/chain.ts';
import { decideTogether } from './group.ts';
import type { Request } from './queue.ts';
import type { BookState, SealedChanges } from './state.ts';
import type { Head, SealedBatch } from './store.ts';
import type { Outcome } from '../rules/types.ts';

export type Batch = {
  readonly requests: readonly Request[];
  /** The outcomes of each request. They hold only once the batch is committed. */
  readonly answers: readonly Outcome[][];
  /** The in-memory changes, to be rolled back when the batch is not committed. */
  readonly changes: SealedChanges;
  /** Null when there is nothing to write: only retries, and refusals without an account to remember them for. */
  readonly sealed: SealedBatch | null;
  /** The end of the log before and after it. */
  readonly follows: Head;
  readonly head: Head;
  /** Settles when the batch is committed and answered, or is known not to be. */
  done: Promise<void>;
};

/** Decides requests in order, on the state of the log at `follows`. */
export function decideBatch(book: number, state: BookState, follows: Head, requests: readonly Request[], recordedAt: Date): Batch {
  const start = state.mark();
  const rows: NewRows = { openings: [], entries: [] };
  const answers = requests.map((request) => decideTogether(state, request, recordedAt, rows));
  const declarations = rows.entries.length === 0 ? [] : state.takeDeclarations();
  const changes = state.seal(start);
  const done = Promise.resolve();
  if (rows.entries.length === 0) return { requests, answers, changes, sealed: null, follows, head: follows, done };
  const sealed = seal(book, follows, { ...rows, declarations }, recordedAt);
  const head = { batchNo: sealed.header.batchNo, lastSeq: follows.lastSeq + sealed.count, hash: sealed.hash, recordedAt };
  return { requests, answers, changes, sealed, follows, head, done };
}

function seal(book: number, follows: Head, rows: Rows, recordedAt: Date): SealedBatch {
  const header = { book, batchNo: follows.batchNo + 1, firstSeq: follows.lastSeq + 1, recordedAt };
  const columns = encodeBatch(rows);
  return { header, previousHash: follows.hash, hash: chainHash(follows.hash, header, columns), count: rows.entries.length, columns };
}
