/** Which generation of the projection answers, and how far it is. */
import type pg from 'pg';
import { isSameBand } from '../ledger/index.ts';
import type { ReadableLedger } from '../ledger/index.ts';
import { findName } from './projection.ts';

/** The log that an answer reflects. */
export type AsOf = {
  readonly books: readonly { readonly book: number; readonly seq: number }[];
  /** Entries of the log that are not in it yet. */
  readonly behind: number;
};

/** `generation` is null before the worker has started for the first time: nothing can be found. */
export type FindProgress = {
  readonly generation: number | null;
  readonly asOf: AsOf;
  /** Where the log of each book ended. */
  readonly ends: readonly number[];
};

export async function readProgress(pool: pg.Pool, { books, read }: Pick<ReadableLedger, 'books' | 'read'>): Promise<FindProgress> {
  const { rows } = await pool.query<{ active_generation: number; book: number; seq: number }>(
    `select p.active_generation, g.book, g.seq from projections.projection p
     join projections.progress g on g.projection = p.name and g.generation = p.active_generation where p.name = $1`,
    [findName],
  );
  const ends = await Promise.all(books.map(async (book) => await read.in({ book }).lastSeq()));
  const marks = books.map((book) => ({ book, seq: rows.find((row) => row.book === book)?.seq ?? 0 }));
  const behind = marks.map(({ seq }, at) => lagOf(seq, ends[at] ?? 0)).reduce((sum, lag) => sum + lag, 0);
  return { generation: rows[0]?.active_generation ?? null, asOf: { books: marks, behind }, ends };
}

/** Between two epochs there are seqs without entries. */
function lagOf(mark: number, end: number): number {
  return isSameBand(mark, end) ? Math.max(0, end - mark) : 1;
}
