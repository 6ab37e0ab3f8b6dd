/**
 * The database's clock, told without asking it: its last answer plus what has passed since on this machine's monotonic clock,
 * which no change of the wall clock moves. Never goes back behind the log.
 */
export class DatabaseClock {
  #databaseMs = 0;
  #anchoredAtMs = 0;

  /** Takes over a reading of the database's clock, in milliseconds since 1970. */
  anchor(databaseMs: number): void {
    this.#databaseMs = databaseMs;
    this.#anchoredAtMs = performance.now();
  }

  /** How long ago the database last told it. */
  get silentMs(): number {
    return performance.now() - this.#anchoredAtMs;
  }

  /** Whole milliseconds, so that a Date carries it exactly. */
  now(notBefore: Date): Date {
    const nowMs = Math.floor(this.#databaseMs + performance.now() - this.#anchoredAtMs);
    return new Date(Math.max(nowMs, notBefore.getTime()));
  }
}
