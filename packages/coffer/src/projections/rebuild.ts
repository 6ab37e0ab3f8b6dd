/**
 * Rebuilds a projection from the first event as a new generation, beside the active one, and switches to it in one transaction
 * once it has caught up. Nothing waits for it, and if it dies half way, nothing has happened: the next rebuild starts again.
 */
import type pg from 'pg';
import { trySessionLock } from '../background/index.ts';
import { inTransaction } from '../database/index.ts';
import { OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { Place } from '../events/index.ts';
import { Applier } from './applier.ts';
import { compareGenerations } from './compare.ts';
import type { Difference } from './compare.ts';
import { forgetLeftovers } from './forget.ts';
import { beginning, ensureMarks, isBefore, lockGeneration, lockMark, moveMark, readMark } from './marks.ts';
import type { Projection } from './projection.ts';

const eventsPerRead = 2_000;
/** Maximum number of events applied while the worker waits for the switch. */
const lastStretchMax = 2_000;
/** The class of advisory locks that allow one rebuild per projection at a time; they end with their connection. */
const rebuildLock = 0x0c0ffe21;

export type RebuildOptions = {
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  readonly projection: Projection;
  /** Compares instead of switching: the active generation stays. */
  readonly check: boolean;
  readonly onProgress?: (done: RebuildProgress) => void;
};

/** For one book after the other. `ofSeq`: its current target. */
export type RebuildProgress = { readonly book: number; readonly events: number; readonly seq: number; readonly ofSeq: number };

export type Rebuilt = {
  readonly projection: string;
  readonly events: number;
  readonly durationMs: number;
  readonly eventsPerSecond: number;
  /** Events that could not be applied; the new generation lacks them. */
  readonly setAside: number;
  /** Of a check; empty if both are equal. Null: nothing was compared, the new one is active. */
  readonly differences: readonly Difference[] | null;
  /** It cannot be rebuilt: its mark, which was beyond the end of the log, was moved back. */
  readonly resumed: boolean;
};

export async function rebuild(options: RebuildOptions): Promise<Rebuilt> {
  const { pool, ledger, projection, check } = options;
  await ensureMarks(pool, projection.name, ledger.books);
  if (!projection.forget) {
    if (!check && (await resumeIfAhead(options))) return resumedOnly(projection.name);
    throw new OperatorError(`${projection.name} cannot be rebuilt: its effects cannot be undone.`, 'See coffer rebuild.');
  }
  if (check && !projection.tables) throw new OperatorError(`${projection.name} cannot be compared.`, 'Rebuild it without --check.');
  const turn = await takeRebuildTurn(pool, projection.name);
  try {
    await forgetLeftovers(pool, projection);
    return await build(options);
  } finally {
    // Unlocked explicitly, so that the next rebuild need not wait for the server to notice; if that fails, the end of the
    // connection does it.
    await turn.query('select pg_advisory_unlock_all()').catch(() => undefined);
    turn.release(true);
  }
}

/** Moves marks beyond the end of the log back to the last event that was surely applied. False if there are none. */
async function resumeIfAhead({ pool, ledger, log, projection }: RebuildOptions): Promise<boolean> {
  const { name } = projection;
  if (!projection.resumeAfter) return false;
  let resumed = false;
  for (const book of ledger.books) {
    await inTransaction(pool, async (client) => {
      const generation = await lockGeneration(client, { projection: name, generation: 'active' });
      const { seq: mark } = await lockMark(client, name, generation, book);
      const end = await ledger.read.in({ book }).within(mark);
      if (mark === end) return;
      const { seq, part } = (await projection.resumeAfter?.(client, book, end)) ?? beginning;
      await moveMark(client, { projection: name, generation, book, seq, part, applied: 0 });
      resumed = true;
      log.warn({ projection: name, book, from: mark, to: seq, end }, 'A mark beyond the end of the log was moved back');
    });
  }
  return resumed;
}

function resumedOnly(projection: string): Rebuilt {
  return { projection, events: 0, durationMs: 0, eventsPerSecond: 0, setAside: 0, differences: null, resumed: true };
}

/** The lock belongs to the connection: it is closed, not returned to the pool. */
async function takeRebuildTurn(pool: pg.Pool, name: string): Promise<pg.PoolClient> {
  const client = await pool.connect();
  if (await trySessionLock(client, rebuildLock, name)) return client;
  client.release(true);
  throw new OperatorError(`${name} is being rebuilt already.`, 'Wait until it is done, or stop it: then it has no effect.');
}

async function build(options: RebuildOptions): Promise<Rebuilt> {
  const { pool, ledger, log, projection, check } = options;
  const startedMs = performance.now();
  const generation = await begin(pool, projection.name, ledger.books);
  const applier = new Applier({ pool, projection: { ...projection, applied: () => undefined }, generation, log });
  const done = { events: 0 };
  // Without a worker, the active generation does not move, but a rebuild still goes to the end of the log. A check stops where
  // the active one is.
  for (const book of ledger.books) {
    const end = check ? beginning : { seq: await ledger.read.in({ book }).lastSeq(), part: Number.MAX_SAFE_INTEGER };
    await follow(options, applier, { book, end, done });
  }
  let found: Found = 'behind';
  while (found === 'behind') {
    for (const book of ledger.books) await follow(options, applier, { book, end: beginning, done });
    found = await finish(options, applier, generation);
  }
  const setAside = await countSetAside(pool, projection.name, generation);
  await forgetLeftovers(pool, projection);
  const durationMs = performance.now() - startedMs;
  const eventsPerSecond = Math.round((done.events * 1_000) / durationMs);
  return { projection: projection.name, events: done.events, durationMs, eventsPerSecond, setAside, differences: found, resumed: false };
}

/** Null: the new generation is active. */
type Found = readonly Difference[] | null | 'behind';

/**
 * Locks all workers out of the active generation, lets the new one catch up, and switches to it or compares the two. `behind`:
 * that would take too long; follow it first.
 */
async function finish({ pool, ledger, projection, check }: RebuildOptions, applier: Applier, generation: number): Promise<Found> {
  return await inTransaction(
    pool,
    async (client) => {
      const { rows } = await client.query<{ active_generation: number; building_generation: number | null }>(
        'select active_generation, building_generation from projections.projection where name = $1 for update',
        [projection.name],
      );
      const { active_generation: active = 0, building_generation: building = null } = rows[0] ?? {};
      // The connection with the lock may have been lost: another rebuild then deletes what this one built, so it must not become
      // active.
      if (building !== generation)
        throw new OperatorError(
          `Another rebuild of ${projection.name} has started since, so this one has no effect.`,
          'Wait for that one.',
        );
      for (const book of ledger.books) {
        const until = await lockMark(client, projection.name, active, book);
        const after = await applier.mark(book);
        if (!isBefore(after, until)) continue;
        const reader = ledger.read.in({ book });
        const isAhead = until.seq > (await reader.lastSeq());
        const found = await reader.events(after.seq, after.part, lastStretchMax);
        const reached = await applier.advance({ book, after, events: found.filter((event) => !isBefore(until, event)) });
        // A mark beyond the end of the log is never reached: the end is enough.
        if (isAhead ? found.length === lastStretchMax : isBefore(reached, until)) return 'behind';
      }
      const differences = check ? await compareGenerations(client, projection, active, generation) : null;
      if (!check) await projection.switching?.(client, active, generation);
      await client.query('update projections.projection set building_generation = null, active_generation = $2 where name = $1', [
        projection.name,
        check ? active : generation,
      ]);
      return differences;
    },
    { settings: 'set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0' },
  );
}

async function countSetAside(pool: pg.Pool, name: string, generation: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select count(*) from projections.set_aside where projection = $1 and generation = $2',
    [name, generation],
  );
  return rows[0]?.count ?? 0;
}

async function begin(pool: pg.Pool, name: string, books: readonly number[]): Promise<number> {
  const { rows } = await pool.query<{ generation: number }>(
    `with begun as (
       update projections.projection set last_generation = last_generation + 1, building_generation = last_generation + 1
       where name = $1 returning last_generation as generation
     ), marks as (
       insert into projections.progress (projection, generation, book) select $1, generation, unnest($2::integer[]) from begun
     )
     select generation from begun`,
    [name, books],
  );
  return rows[0]?.generation ?? 0;
}

/** As far as the active generation, or to `end` if that is further. Reads the next events while some are applied. */
async function follow(
  { pool, ledger, projection, onProgress }: RebuildOptions,
  applier: Applier,
  { book, end, done }: { readonly book: number; readonly end: Place; readonly done: { events: number } },
): Promise<void> {
  const read = (place: Place) => {
    const events = ledger.read.in({ book }).events(place.seq, place.part, eventsPerRead);
    // Awaited later, or not at all if something else fails first: until then it has no other handler.
    events.catch(() => undefined);
    return events;
  };
  // A mark beyond the end of the log is a goal that the events end before.
  const goal = async () => furthest(await readMark(pool, { projection: projection.name, generation: 'active' }, book), end);
  let after = await applier.mark(book);
  let ahead = read(after);
  for (let until = await goal(); isBefore(after, until); until = await goal()) {
    const limit = until;
    const events = (await ahead).filter((event) => !isBefore(limit, event));
    const last = events.at(-1);
    if (!last) break;
    ahead = read(last);
    after = await applier.advance({ book, after, events });
    done.events += events.length;
    onProgress?.({ book, events: done.events, seq: after.seq, ofSeq: until.seq });
  }
  await ahead.catch(() => undefined);
}

function furthest(one: Place, other: Place): Place {
  return isBefore(one, other) ? other : one;
}
