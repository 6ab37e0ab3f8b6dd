/** Events that a projection could not apply, and what an operator does about them: tries them once more, however they came to fail. */
import type pg from 'pg';
import type { Log } from '../kernel/index.ts';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import { Applier } from './applier.ts';
import type { Projection } from './projection.ts';

export type SetAside = { readonly id: string; readonly error: string; readonly tries: number; readonly since: Date };

type Row = Omit<SetAside, 'id'> & { readonly book: number; readonly seq: number; readonly part: number };

export type RetryOptions = {
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly log: Log;
  readonly projection: Projection;
  /** Absent: every one. */
  readonly ids?: readonly string[];
};

export type Retried = {
  /** How many of them are in the projection now. */
  readonly applied: number;
  readonly failed: readonly SetAside[];
  /** Asked for, and not set aside: applied before, or never failed. Nothing was done about them. */
  readonly notSetAside: readonly string[];
};

/** Of the generation that is read, in the order of the log. */
export async function listSetAside(pool: pg.Pool, projection: string): Promise<SetAside[]> {
  return (await readRows(pool, projection)).map(({ error, tries, since, ...place }) => ({ id: idOf(place), error, tries, since }));
}

/** The log has every event, so each is read from there; whether a broker ever brought it makes no difference. Oldest first, each by itself. */
export async function retrySetAside({ pool, ledger, log, projection, ids }: RetryOptions): Promise<Retried> {
  const applier = new Applier({ pool, projection, generation: 'active', log });
  const rows = await readRows(pool, projection.name);
  const known = new Set(rows.map(idOf));
  /** And the reason, where the projection was not asked. */
  const failed = new Map<string, string | null>();
  let applied = 0;
  for (const row of rows) {
    const id = idOf(row);
    if (ids && !ids.includes(id)) continue;
    const event = await readEvent(ledger, row);
    if (!event) failed.set(id, 'the log has no such event');
    else if (await applier.retry(event)) applied++;
    else failed.set(id, null);
  }
  // Read again for the reasons of these tries.
  const now = failed.size > 0 ? await listSetAside(pool, projection.name) : [];
  const still = now.filter(({ id }) => failed.has(id)).map((event) => ({ ...event, error: failed.get(event.id) ?? event.error }));
  // Whoever else tried has applied the others since.
  applied += failed.size - still.length;
  return { applied, failed: still, notSetAside: (ids ?? []).filter((id) => !known.has(id)) };
}

async function readEvent({ read }: Pick<Ledger, 'read'>, { book, seq, part }: Row): Promise<LedgerEvent | null> {
  const [event] = await read.in({ book }).events(seq, part - 1, 1);
  return event?.seq === seq && event.part === part ? event : null;
}

async function readRows(pool: pg.Pool, projection: string): Promise<Row[]> {
  const { rows } = await pool.query<Row>(
    `select s.book, s.seq, s.part, s.error, s.tries, s.since from projections.projection p
     join projections.set_aside s on s.projection = p.name and s.generation = p.active_generation
     where p.name = $1 order by s.book, s.seq, s.part`,
    [projection],
  );
  return rows;
}

/** As the log names its events. */
function idOf({ book, seq, part }: Pick<Row, 'book' | 'seq' | 'part'>): string {
  return `${book}-${seq}-${part}`;
}
