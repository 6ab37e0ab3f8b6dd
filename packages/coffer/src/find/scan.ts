/** Searches the projection's operations for terms, stretch by stretch. */
import type pg from 'pg';
import type { SeqRange } from '../ledger/index.ts';
import { booksAtMost, hashBits, hashOf, placedTerm, places, stretchBits } from './terms.ts';

export type Scan = SeqRange & {
  readonly book: number;
  readonly generation: number;
  /** An operation has at least one of each set. */
  readonly sets: readonly (readonly string[])[];
  readonly amountMin?: bigint | undefined;
  readonly amountMax?: bigint | undefined;
};

/** The seqs of operations that probably match, in the order asked for. */
export async function scan(pool: pg.Pool, scanned: Scan): Promise<number[]> {
  const { rows } = await pool.query<{ seq: number }>(scanQuery(scanned));
  return rows.map(({ seq }) => seq);
}

/**
 * The recursion names the stretches that have operations, one index probe each, and the inner query reads one stretch. A nested loop
 * keeps the order of the stretches, and the limit stops it. `+ 0` leaves the inner query only the index by terms: for a filter
 * without statistics the planner would read the log's rows of the whole stretch.
 */
export function scanQuery({ book, generation, after, before, newestFirst, limit, sets, amountMin, amountMax }: Scan): pg.QueryConfig {
  const values: unknown[] = [generation, book, after, before, limit];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const [order, isBeyond] = newestFirst
    ? ['desc', `o.seq < (chunk.n << ${stretchBits})`]
    : ['asc', `o.seq >= ((chunk.n + 1) << ${stretchBits})`];
  const inRange = 'o.generation = $1 and o.book = $2 and o.seq > $3 and o.seq < $4';
  if (sets.length === 0) {
    const amounts = [
      ...(amountMin === undefined ? [] : [` and o.amount >= ${bind(amountMin.toString())}::numeric`]),
      ...(amountMax === undefined ? [] : [` and o.amount <= ${bind(amountMax.toString())}::numeric`]),
    ].join('');
    return { text: `select o.seq from find.operation o where ${inRange}${amounts} order by o.seq ${order} limit $5`, values };
  }
  const hashes = sets.map((set) => bind(set.map((text) => hashOf(text).toString())));
  const place = `((chunk.n * ${booksAtMost} + $2) % ${places} << ${hashBits})`;
  const keys = hashes.map(
    (hashed, at) => `cross join lateral (select array_agg(${place} | one) as terms from unnest(${hashed}::bigint[]) as one) as set${at}`,
  );
  const amounts = [
    ...(amountMin === undefined ? [] : [`and o.amount >= ${bind(amountMin.toString())}::numeric`]),
    ...(amountMax === undefined ? [] : [`and o.amount <= ${bind(amountMax.toString())}::numeric`]),
  ].join(' ');
  const text = `
    with recursive chunk (n) as (
      (select o.seq >> ${stretchBits} from find.operation o where ${inRange} order by o.seq ${order} limit 1)
      union all
      select following.n from chunk cross join lateral (
        select o.seq >> ${stretchBits} as n from find.operation o where ${inRange} and ${isBeyond} order by o.seq ${order} limit 1
      ) following
    )
    select found.seq from chunk ${keys.join(' ')}
    cross join lateral (
      select o.seq from find.operation o
      where ${hashes.map((_, at) => `o.terms && set${at}.terms`).join(' and ')} and o.seq >> ${stretchBits} = chunk.n
        and o.generation + 0 = $1 and o.book + 0 = $2 and o.seq + 0 > $3 and o.seq + 0 < $4 ${amounts}
      order by o.seq ${order} limit $5
    ) found
    limit $5`;
  return { text, values };
}

type Having = { readonly generation: number; readonly book: number; readonly seqs: readonly number[]; readonly text: string };

/** Those of the operations that have a term. */
export async function seqsHaving(pool: pg.Pool, { generation, book, seqs, text }: Having): Promise<Set<number>> {
  if (seqs.length === 0) return new Set();
  const { rows } = await pool.query<{ seq: number }>(
    `select o.seq from unnest($3::bigint[], $4::bigint[]) as w (seq, term)
     join find.operation o on o.generation = $1 and o.book = $2 and o.seq = w.seq and w.term = any (o.terms)`,
    [generation, book, seqs, seqs.map((seq) => placedTerm(text, book, seq))],
  );
  return new Set(rows.map(({ seq }) => seq));
}
