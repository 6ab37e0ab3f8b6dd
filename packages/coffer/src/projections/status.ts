/** The progress of each projection, for people and metrics: read from the database, so any process can report it. */
import type pg from 'pg';
import { isSameBand } from '../ledger/index.ts';
import type { Ledger } from '../ledger/index.ts';

export type BookProgress = {
  readonly book: number;
  readonly seq: number;
  readonly part: number;
  /** Events that this generation has applied. */
  readonly applied: number;
  /** Log entries after the mark. */
  readonly behindEntries: number;
  /** Age of the first event that is not applied yet; 0 if there is none. */
  readonly behindSeconds: number;
  /** By how many entries the mark is beyond the log, or in an end of it that was lost: it must be 0. Otherwise nothing is applied until a rebuild. */
  readonly aheadEntries: number;
};

export type ProjectionStatus = {
  readonly name: string;
  readonly generation: number;
  /** The generation that is being built beside it. */
  readonly building: number | null;
  readonly setAside: number;
  readonly books: readonly BookProgress[];
};

/** The projections whose mark is beyond the end of the log, each as a sentence with its remedy. */
export function marksAhead(statuses: readonly ProjectionStatus[]): string[] {
  return statuses.flatMap(({ name, books }) =>
    books
      .filter(({ aheadEntries }) => aheadEntries > 0)
      .map(({ book }) => `The projection ${name} is ahead of the log of book ${book} and applies nothing. Run: coffer rebuild ${name}.`),
  );
}

type Row = {
  name: string;
  active_generation: number;
  building_generation: number | null;
  set_aside: number;
  book: number;
  seq: number;
  part: number;
  applied: number;
};

const text = `
  select p.name, p.active_generation, p.building_generation, g.book, g.seq, g.part, g.applied,
    (select count(*) from projections.set_aside s where s.projection = p.name and s.generation = p.active_generation) as set_aside
  from projections.projection p
  join projections.progress g on g.projection = p.name and g.generation = p.active_generation
  order by p.name, g.book`;

export async function projectionStatus(pool: pg.Pool, ledger: Pick<Ledger, 'read'>): Promise<ProjectionStatus[]> {
  const { rows } = await pool.query<Row>(text);
  const byName = Map.groupBy(rows, ({ name }) => name);
  return await Promise.all(
    [...byName.values()].map(async (own) => {
      const books = await Promise.all(own.map((row) => progressOf(ledger, row)));
      const { name = '', active_generation: generation = 0, building_generation: building = null, set_aside: setAside = 0 } = own[0] ?? {};
      return { name, generation, building, setAside, books };
    }),
  );
}

async function progressOf({ read }: Pick<Ledger, 'read'>, { book, seq, part, applied }: Row): Promise<BookProgress> {
  const reader = read.in({ book });
  const [[next], end, within] = await Promise.all([reader.events(seq, part, 1), reader.lastSeq(), reader.within(seq)]);
  return {
    book,
    seq,
    part,
    applied,
    // Entries without events, such as the opening of a system account, do not count as a lag.
    behindEntries: next ? Math.max(1, isSameBand(seq, end) ? end - seq : end - next.seq + 1) : 0,
    behindSeconds: next ? Math.max(0, (Date.now() - next.recordedAt.getTime()) / 1_000) : 0,
    aheadEntries: seq - within,
  };
}
