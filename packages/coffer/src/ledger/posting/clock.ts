/**
 * The database's clock without a query: its last reading plus the time elapsed on this machine's monotonic clock, which is immune to
 * changes of the wall clock. Never earlier than the end of the log.
 */
export class DatabaseClock {
  #databaseMs = 0;
  #anchoredAtMs = 0;

  /** Sets the clock to a reading of the database's clock, in milliseconds since 1970. */
  anchor(databaseMs: number): void {
    this.#databaseMs = databaseMs;
    this.#anchoredAtMs = performance.now();
  }

  /** Milliseconds since the last reading. */
  get silentMs(): number {
    return performance.now() - this.#anchoredAtMs;
  }

  /** Whole milliseconds, so that a Date carries it exactly. */
  now(notBefore: Date): Date {
    const nowMs = Math.floor(this.#databaseMs + performance.now() - this.#anchoredAtMs);
    return new Date(Math.max(nowMs, notBefore.getTime()));
  }
}
