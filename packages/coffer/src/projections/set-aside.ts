/** Quarantined events: events that a projection could not apply, and how operators retry them. */
import type pg from 'pg';
import { recordChange } from '../audit/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import { Applier } from './applier.ts';
import type { Projection } from './projection.ts';

export type SetAside = {
  /** Of the event, like its type and wallet; null if the log has no such event. */
  readonly id: string;
  readonly type: string | null;
  readonly wallet: string | null;
  readonly error: string;
  readonly tries: number;
  readonly since: Date;
};

type Place = { readonly book: number; readonly seq: number; readonly part: number };
type Row = Place & Pick<SetAside, 'error' | 'tries' | 'since'> & { readonly micros: number };

export type RetryOptions = {
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly log: Log;
  readonly projection: Projection;
  /** Absent: all of them. */
  readonly ids?: readonly string[] | undefined;
};

export type Retried = {
  /** How many of them the projection includes now. */
  readonly applied: number;
  readonly failed: readonly SetAside[];
  /** Requested, but not quarantined: already applied, or never failed. Nothing was done about them. */
  readonly notSetAside: readonly string[];
};

export type SetAsidePage = { readonly items: readonly SetAside[]; readonly next: string | null };
type PageQuery = { readonly limit: number; readonly cursor?: string | undefined };

/** When it was quarantined, in microseconds, and the event. */
export const setAsideCursorPattern = '^[0-9]{1,16}-[0-9]{1,9}-[0-9]{1,15}-[0-9]{1,5}$';

/** Shared by the command line and REST: null if there is no such projection. */
export class SetAsides {
  readonly #parts: Omit<RetryOptions, 'projection' | 'ids'>;
  readonly #projections: readonly Projection[];

  constructor({ projections, ...parts }: Omit<RetryOptions, 'projection' | 'ids'> & { readonly projections: readonly Projection[] }) {
    this.#parts = parts;
    this.#projections = projections;
  }

  get names(): string[] {
    return this.#projections.map(({ name }) => name);
  }

  async list(name: string, query: PageQuery): Promise<SetAsidePage | null> {
    return this.names.includes(name) ? await listSetAside(this.#parts.pool, this.#parts.ledger, name, query) : null;
  }

  async retry(name: string, ids?: readonly string[]): Promise<Retried | null> {
    const projection = this.#projections.find((one) => one.name === name);
    if (!projection) return null;
    const retried = await retrySetAside({ ...this.#parts, projection, ids });
    // Each event is a transaction of its own; the record follows them.
    await recordChange(this.#parts.pool, { kind: 'projections.retry', subject: name, after: { ids, applied: retried.applied } });
    return retried;
  }
}

/** Of the active generation, newest first. */
export async function listSetAside(
  pool: pg.Pool,
  ledger: Pick<Ledger, 'read'>,
  projection: string,
  { limit, cursor }: PageQuery,
): Promise<SetAsidePage> {
  const [micros = null, book = null, seq = null, part = null] = cursor?.split('-').map(Number) ?? [];
  const { rows } = await pool.query<Row>(
    `${selectText} and ($2::int8 is null or (${microsText}, s.book, s.seq, s.part) < ($2, $3::int, $4::int8, $5::int))
     order by micros desc, s.book desc, s.seq desc, s.part desc limit $6`,
    [projection, micros, book, seq, part, limit + 1],
  );
  const items: SetAside[] = [];
  // One after the other, so that a read does not delay postings.
  for (const row of rows.slice(0, limit)) items.push(setAsideOf(row, await readEvent(ledger, row)));
  const last = rows[limit - 1];
  return { items, next: rows.length > limit && last ? `${last.micros}-${idOf(last)}` : null };
}

/**
 * The log has every event, so each is read from there, whether or not a broker ever delivered it. Oldest first, one at a time.
 */
export async function retrySetAside({ pool, ledger, log, projection, ids }: RetryOptions): Promise<Retried> {
  const applier = new Applier({ pool, projection, generation: 'active', log });
  const rows = await readRows(pool, projection.name);
  const known = new Set(rows.map(idOf));
  const failed = new Map<string, LedgerEvent | null>();
  let applied = 0;
  for (const row of rows) {
    const id = idOf(row);
    if (ids && !ids.includes(id)) continue;
    const event = await readEvent(ledger, row);
    if (event && (await applier.retry(event))) applied++;
    else failed.set(id, event);
  }
  // Read again for the reasons of these tries.
  const now = failed.size > 0 ? await readRows(pool, projection.name) : [];
  const still = now.filter((row) => failed.has(idOf(row))).map((row) => setAsideOf(row, failed.get(idOf(row)) ?? null));
  // Others that retried have applied them since.
  applied += failed.size - still.length;
  return { applied, failed: still, notSetAside: (ids ?? []).filter((id) => !known.has(id)) };
}

async function readEvent({ read }: Pick<Ledger, 'read'>, { book, seq, part }: Place): Promise<LedgerEvent | null> {
  const [event] = await read.in({ book }).events(seq, part - 1, 1);
  return event?.seq === seq && event.part === part ? event : null;
}

const microsText = '(extract(epoch from s.since) * 1000000)::int8';
const selectText = `
  select s.book, s.seq, s.part, s.error, s.tries, s.since, ${microsText} as micros from projections.projection p
  join projections.set_aside s on s.projection = p.name and s.generation = p.active_generation
  where p.name = $1`;

/** In log order. */
async function readRows(pool: pg.Pool, projection: string): Promise<Row[]> {
  const { rows } = await pool.query<Row>(`${selectText} order by s.book, s.seq, s.part`, [projection]);
  return rows;
}

function setAsideOf(row: Row, event: LedgerEvent | null): SetAside {
  const { error, tries, since } = row;
  const { type = null, wallet = null } = event ?? {};
  return { id: idOf(row), type, wallet, error: event ? error : 'the log has no such event', tries, since };
}

/** As the log identifies its events. */
function idOf({ book, seq, part }: Place): string {
  return `${book}-${seq}-${part}`;
}
