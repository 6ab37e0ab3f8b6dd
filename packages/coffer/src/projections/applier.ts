/**
 * Applies events to one projection. Each step is one transaction: the mark is locked, events at or before it are dropped, the
 * rest is applied, the mark advances. So each event has its effect once, however often or late events arrive, and wherever a
 * process dies.
 */
import pg from 'pg';
import { inTransaction, isOutage } from '../database/index.ts';
import type { Place } from '../events/index.ts';
import type { Log } from '../kernel/index.ts';
import { hasEntry, isSameBand } from '../ledger/index.ts';
import type { LedgerEvent } from '../ledger/index.ts';
import { isBefore, lockGeneration, lockMark, moveMark, readMark } from './marks.ts';
import type { Target } from './marks.ts';
import type { Projection } from './projection.ts';

/** Consecutive events of a book, and the position of the event before the first. */
export type Stretch = { readonly book: number; readonly after: Place; readonly events: readonly LedgerEvent[] };

/** So many quarantined events mean a bug in the projection, not bad events: it stops at its position until that is fixed. */
const setAsideMax = 1_000;
const errorLengthMax = 2_000;

/** Too many events failed to be quarantined: the mark stays. */
export class ProjectionHalted extends Error {
  override readonly name = 'ProjectionHalted';
}

/** The projection threw, and the database is available: a retry would fail again. */
class NotApplied extends Error {
  override readonly name = 'NotApplied';
}

export type ApplierOptions = {
  readonly pool: pg.Pool;
  readonly projection: Projection;
  readonly generation: number | 'active';
  readonly log: Log;
};

export class Applier {
  readonly projection: Projection;
  readonly #pool: pg.Pool;
  readonly #target: Target;
  readonly #log: Log;

  constructor({ pool, projection, generation, log }: ApplierOptions) {
    this.projection = projection;
    this.#pool = pool;
    this.#target = { projection: projection.name, generation };
    this.#log = log;
  }

  /** The current mark of the generation. */
  async mark(book: number): Promise<Place> {
    return await readMark(this.#pool, this.#target, book);
  }

  /**
   * Applies the new events of a stretch; finds failing events by bisection and quarantines them. Returns the mark afterwards,
   * which is before the stretch if there is a gap between the two.
   */
  async advance(stretch: Stretch): Promise<Place> {
    try {
      return await this.#apply(stretch);
    } catch (failure) {
      if (!(failure instanceof NotApplied)) throw failure;
      const { book, after, events } = stretch;
      const [first] = events;
      if (first && events.length === 1) return await this.#setAside(book, first, failure);
      const left = events.slice(0, events.length >> 1);
      const right = { book, after: left.at(-1) ?? after, events: events.slice(left.length) };
      const mark = await this.advance({ book, after, events: left });
      return isBefore(mark, right.after) ? mark : await this.advance(right);
    }
  }

  /** Retries a quarantined event, alone. True if it is no longer quarantined. */
  async retry(event: LedgerEvent): Promise<boolean> {
    const { name } = this.projection;
    const { book, seq, part } = event;
    try {
      await inTransaction(this.#pool, async (client) => {
        // A retry is not a worker: if it is paused in the middle, it must not block the workers forever.
        await client.query("set local idle_in_transaction_session_timeout = '30s'");
        const generation = await lockGeneration(client, this.#target);
        await lockMark(client, name, generation, book);
        const { rowCount } = await client.query(
          'delete from projections.set_aside where projection = $1 and generation = $2 and book = $3 and seq = $4 and part = $5',
          [name, generation, book, seq, part],
        );
        if (rowCount === 0) return;
        await this.#applyTo(client, [event], generation);
        await client.query(
          'update projections.progress set applied = applied + 1 where projection = $1 and generation = $2 and book = $3',
          [name, generation, book],
        );
      });
      this.projection.applied?.();
      return true;
    } catch (failure) {
      if (!(failure instanceof NotApplied)) throw failure;
      await this.#pool.query(
        `update projections.set_aside s set tries = s.tries + 1, error = $5 from projections.projection p
         where p.name = $1 and s.projection = $1 and s.generation = p.active_generation and s.book = $2 and s.seq = $3 and s.part = $4`,
        [name, book, seq, part, failure.message],
      );
      return false;
    }
  }

  async #apply({ book, after, events }: Stretch): Promise<Place> {
    const { name } = this.projection;
    let applied = 0;
    const mark = await inTransaction(this.#pool, async (client) => {
      const generation = await lockGeneration(client, this.#target);
      const before = await lockMark(client, name, generation, book);
      if (isBefore(before, after)) return before;
      const fresh = events.filter((event) => isBefore(before, event));
      const last = fresh.at(-1);
      const [first] = fresh;
      if (!first || !last) return before;
      if (!isSameBand(before.seq, first.seq)) await this.#refuseLostMark(client, book, before);
      await this.#applyTo(client, fresh, generation);
      await moveMark(client, { projection: name, generation, book, seq: last.seq, part: last.part, applied: fresh.length });
      applied = fresh.length;
      return last;
    });
    if (applied > 0) this.projection.applied?.();
    return { seq: mark.seq, part: mark.part };
  }

  /** At the beginning of an epoch: a mark in the lost end says that events were applied that no longer exist. */
  async #refuseLostMark(client: pg.ClientBase, book: number, { seq }: Place): Promise<void> {
    if (seq === 0 || (await hasEntry(client, book, seq))) return;
    const { name } = this.projection;
    throw new ProjectionHalted(
      `${name} has applied events of the end of book ${book} that was lost, until seq ${seq}. Run: coffer rebuild ${name}.`,
    );
  }

  async #applyTo(client: pg.ClientBase, events: readonly LedgerEvent[], generation: number): Promise<void> {
    try {
      await this.projection.apply(client, events, generation);
    } catch (failure) {
      if (failure instanceof pg.DatabaseError && isOutage(failure)) throw failure;
      const message = failure instanceof Error ? failure.message : String(failure);
      throw new NotApplied(message.slice(0, errorLengthMax).replaceAll('\0', '\u{fffd}'), { cause: failure });
    }
  }

  /** Records the event, and advances the mark past it. */
  async #setAside(book: number, { id, seq, part }: LedgerEvent, failure: NotApplied): Promise<Place> {
    const { name } = this.projection;
    return await inTransaction(this.#pool, async (client) => {
      const generation = await lockGeneration(client, this.#target);
      const mark = await lockMark(client, name, generation, book);
      if (!isBefore(mark, { seq, part })) return mark;
      const { rows } = await client.query<{ count: number }>(
        'select count(*) from projections.set_aside where projection = $1 and generation = $2',
        [name, generation],
      );
      if ((rows[0]?.count ?? 0) >= setAsideMax)
        throw new ProjectionHalted(`${name} could not apply ${setAsideMax} events; it stops before ${id}`, { cause: failure.cause });
      await client.query(
        'insert into projections.set_aside (projection, generation, book, seq, part, error, tries) values ($1, $2, $3, $4, $5, $6, 1)',
        [name, generation, book, seq, part, failure.message],
      );
      await moveMark(client, { projection: name, generation, book, seq, part, applied: 0 });
      this.#log.error({ err: failure.cause, projection: name, event: id }, 'An event could not be applied and was quarantined');
      return { seq, part };
    });
  }
}
