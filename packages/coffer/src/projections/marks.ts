/** The mark of each generation of a projection, and its quarantined events: the projector's own tables. */
import type pg from 'pg';
import type { Place } from '../events/index.ts';
import { assert } from '../kernel/index.ts';

/** The active generation, or one that is being built. */
export type Target = { readonly projection: string; readonly generation: number | 'active' };

/** Creates the rows of a new projection; safe to repeat. */
export async function ensureMarks(pool: pg.Pool, projection: string, books: readonly number[]): Promise<void> {
  await pool.query(
    'insert into projections.projection (name, active_generation, last_generation) values ($1, 1, 1) on conflict do nothing',
    [projection],
  );
  await pool.query(
    `insert into projections.progress (projection, generation, book)
     select name, active_generation, unnest($2::integer[]) from projections.projection where name = $1 on conflict do nothing`,
    [projection, books],
  );
}

/**
 * Returns the generation. A worker's transaction keeps it active until the end: a switch waits for it (`for update`), and workers
 * do not wait for each other here.
 */
export async function lockGeneration(client: pg.ClientBase, { projection, generation }: Target): Promise<number> {
  if (generation !== 'active') return generation;
  const { rows } = await client.query<{ active_generation: number }>({
    name: 'lock_generation',
    text: 'select active_generation from projections.projection where name = $1 for key share',
    values: [projection],
  });
  assert(rows[0], `the projection ${projection} has a row`);
  return rows[0].active_generation;
}

/** Locks the mark until the end of the transaction. */
export async function lockMark(client: pg.ClientBase, projection: string, generation: number, book: number): Promise<Place> {
  const { rows } = await client.query<Place>({
    name: 'lock_mark',
    text: 'select seq, part from projections.progress where projection = $1 and generation = $2 and book = $3 for update',
    values: [projection, generation, book],
  });
  assert(rows[0], `the projection ${projection} has a mark in book ${book} of generation ${generation}`);
  return rows[0];
}

/** Never beyond the end of the log: a mark there would make every later event look applied. */
export async function moveMark(
  client: pg.ClientBase,
  mark: Place & { readonly projection: string; readonly generation: number; readonly book: number; readonly applied: number },
): Promise<void> {
  const { projection, generation, book, seq, part, applied } = mark;
  const { rowCount } = await client.query({
    name: 'move_mark',
    text: `
      update projections.progress set seq = $4, part = $5, applied = applied + $6
      where projection = $1 and generation = $2 and book = $3
        and $4 <= ledger.end_of($3)`,
    values: [projection, generation, book, seq, part, applied],
  });
  assert(rowCount === 1, `the log of book ${book} has the entry ${seq} to which the mark of ${projection} moves`);
}

export async function readMark(pool: pg.Pool, { projection, generation }: Target, book: number): Promise<Place> {
  const { rows } = await pool.query<Place>({
    name: 'read_mark',
    text: `
      select g.seq, g.part from projections.projection p
      join projections.progress g on g.projection = p.name and g.generation = coalesce($2::integer, p.active_generation)
      where p.name = $1 and g.book = $3`,
    values: [projection, generation === 'active' ? null : generation, book],
  });
  return rows[0] ?? { seq: 0, part: 0 };
}

/** Of the active generation, between two positions, both included. */
export async function readSetAside(pool: pg.Pool, projection: string, book: number, from: Place, to: Place): Promise<Place[]> {
  const { rows } = await pool.query<Place>({
    name: 'read_set_aside',
    text: `
      select s.seq, s.part from projections.projection p
      join projections.set_aside s on s.projection = p.name and s.generation = p.active_generation
      where p.name = $1 and s.book = $2 and s.seq between $3 and $5 and (s.seq, s.part) >= ($3, $4) and (s.seq, s.part) <= ($5, $6)`,
    values: [projection, book, from.seq, from.part, to.seq, to.part],
  });
  return rows;
}

/** Whether any event of an entry is quarantined. */
export async function isSetAside(pool: pg.Pool, projection: string, book: number, seq: number): Promise<boolean> {
  return (await readSetAside(pool, projection, book, { seq, part: 0 }, { seq, part: partMax })).length > 0;
}

export function isBefore(one: Place, other: Place): boolean {
  return one.seq < other.seq || (one.seq === other.seq && one.part < other.part);
}

export function isSame(one: Place, other: Place): boolean {
  return one.seq === other.seq && one.part === other.part;
}

const partMax = 32_767;

export const beginning: Place = { seq: 0, part: 0 };
