/** The books and their owners, for people: what processes wrote about themselves. */
import type pg from 'pg';

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
  const { rows } = await pool.query<OwnedBook>(`
    select b.book, ledger.end_of(b.book) as "lastSeq", coalesce(l.term, 0) as term, p.address as owner,
      case when p.id is not null then l.since end as since, p.seen_at as "seenAt"
    from ledger.book b left join ownership.lease l on l.book = b.book left join ownership.process p on p.id = l.process
    order by b.book`);
  return rows;
}
