/** The books and their owners, for people: what processes wrote about themselves. */
import type pg from 'pg';
import { readHeads } from '../chain/checkpoints.ts';

export type OwnedBook = {
  readonly book: number;
  /** The last seq of its log. */
  readonly lastSeq: number;
  /** How many owners it has had. */
  readonly term: number;
  /** Where its owner takes operations from other processes; null: it has no owner now. */
  readonly owner: string | null;
  readonly since: Date | null;
  /** When the owner last said that it is alive, by the database's clock. */
  readonly seenAt: Date | null;
};

export async function readBooks(pool: pg.Pool): Promise<OwnedBook[]> {
  const { rows: leases } = await pool.query<{ book: number; term: number; process: string | null; since: Date }>(
    'select book, term, process, since from ownership.lease',
  );
  const { rows: processes } = await pool.query<{ id: string; address: string; seen_at: Date }>(
    'select id, address, seen_at from ownership.process',
  );
  return (await readHeads(pool)).map(({ book, lastSeq }) => {
    const lease = leases.find((one) => one.book === book);
    const owner = processes.find(({ id }) => id === lease?.process);
    const now = { owner: owner?.address ?? null, since: (owner && lease?.since) ?? null, seenAt: owner?.seen_at ?? null };
    return { book, lastSeq, term: lease?.term ?? 0, ...now };
  });
}
