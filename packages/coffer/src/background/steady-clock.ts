import type pg from 'pg';

/** A clock that was set forward by more than this is not believed at first; less is a correction, or a slow answer. */
const toleranceMs = 2_000;
/** A clock that stays ahead for this long is right: the machine was suspended, or the clock was behind before. */
const believedAfterMs = 30_000;

/**
 * Time by the readings of a clock that may be wrong for a moment, all in milliseconds. A step back is believed at once, a step forward when
 * it lasts; until then time continues by this machine's monotonic clock.
 */
export class SteadyTime {
  /** What to add to the monotonic clock; null before the first reading. */
  #offsetMs: number | null = null;
  #newestOffsetMs: number | null = null;
  /** The smallest offset since the clock is ahead, and since when it is. */
  #doubted: { readonly offsetMs: number; readonly sinceMs: number } | null = null;

  /** A reading of the clock. Returns whether the clock went back since the last one; true for the first, which cannot know. */
  read(clockMs: number, machineMs: number): boolean {
    const offsetMs = clockMs - machineMs;
    const wentBack = this.#newestOffsetMs === null || offsetMs < this.#newestOffsetMs - toleranceMs;
    this.#newestOffsetMs = offsetMs;
    if (this.#offsetMs === null || offsetMs <= this.#offsetMs + toleranceMs) {
      this.#offsetMs = offsetMs;
      this.#doubted = null;
      return wentBack;
    }
    const { offsetMs: leastMs, sinceMs } = this.#doubted ?? { offsetMs, sinceMs: machineMs };
    this.#doubted = { offsetMs: Math.min(leastMs, offsetMs), sinceMs };
    if (machineMs - sinceMs >= believedAfterMs) {
      this.#offsetMs = this.#doubted.offsetMs;
      this.#doubted = null;
    }
    return wentBack;
  }

  /** At a moment of the monotonic clock. */
  at(machineMs: number): number {
    return machineMs + (this.#offsetMs ?? 0);
  }
}

/**
 * The database's clock for stored waits and deadlines: when it is ahead for a moment, no deadline is over and nothing is deleted. What was
 * stored meanwhile is put right when the clock is.
 */
export class SteadyClock {
  readonly #pool: Pick<pg.Pool, 'query'>;
  readonly #putRight: (now: Date) => Promise<void>;
  readonly #time = new SteadyTime();
  #wentBack = false;

  /** `putRight`: shortens the waits that were stored with a later date than now; called after the clock went back, and at first. */
  constructor(pool: Pick<pg.Pool, 'query'>, putRight: (now: Date) => Promise<void> = () => Promise.resolve()) {
    this.#pool = pool;
    this.#putRight = putRight;
  }

  /** Reads the database's clock. Not before anything that the database has dated until now, unless that date is doubted. */
  async read(): Promise<Date> {
    const machineMs = performance.now();
    const { rows } = await this.#pool.query<{ now_ms: number }>({
      name: 'steady_clock',
      text: 'select ceil(extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms',
    });
    if (this.#time.read(rows[0]?.now_ms ?? 0, machineMs)) this.#wentBack = true;
    const now = new Date(Math.ceil(this.#time.at(machineMs)));
    if (this.#wentBack) await this.#putRight(now);
    this.#wentBack = false;
    return now;
  }

  /** Without a query, by the last reading. */
  get now(): Date {
    return new Date(this.#time.at(performance.now()));
  }
}

/** A table with a moment until which a row waits. */
export type Waits = {
  readonly table: string;
  readonly until: string;
  /** The column that says when the wait was stored. */
  readonly since: string;
  /** A condition for the rows that wait. */
  readonly waiting: string;
};

/** Shortens waits that were stored by a clock that was ahead: each begins again now, as long as it was. */
export async function putWaitsRight(pool: Pick<pg.Pool, 'query'>, { table, until, since, waiting }: Waits, now: Date): Promise<void> {
  await pool.query(
    `update ${table} set ${until} = $1::timestamptz + (${until} - ${since}), ${since} = $1::timestamptz
     where ${waiting} and ${since} > $1::timestamptz + interval '1 second'`,
    [now],
  );
}
