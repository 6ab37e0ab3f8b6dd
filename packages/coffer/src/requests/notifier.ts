/** Notifies workers of accepted requests. A lost notification only costs a moment: workers also poll. */
import type pg from 'pg';

export const channel = 'coffer_requests';
/** Notifications serialise commits, so many requests share one. */
const gatherMs = 5;

export class RequestNotifier {
  readonly #pool: pg.Pool;
  #timer: NodeJS.Timeout | null = null;
  #notifying: Promise<unknown> = Promise.resolve();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  notify(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      // Not awaited: if it fails, workers only notice a moment later.
      this.#notifying = this.#pool.query(`select pg_notify('${channel}', '')`).catch(() => undefined);
    }, gatherMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#notifying;
  }
}
