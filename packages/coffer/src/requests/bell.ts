/** The doorbell between those who accept requests and those who work on them. A ring that is lost costs a moment: workers look by themselves. */
import type pg from 'pg';

export const channel = 'coffer_requests';
/** Notifying commits one after the other, so many requests share a ring. */
const gatherMs = 5;

export class Bell {
  readonly #pool: pg.Pool;
  #timer: NodeJS.Timeout | null = null;
  #ringing: Promise<unknown> = Promise.resolve();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  ring(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      // Nobody waits for it, and without it the look only comes a moment later.
      this.#ringing = this.#pool.query(`select pg_notify('${channel}', '')`).catch(() => undefined);
    }, gatherMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#ringing;
  }
}
