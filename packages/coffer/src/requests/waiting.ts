/** Callers that wait for a request to finish: one query serves all of them, however many they are. */
import type pg from 'pg';

const lookEveryMs = 200;
/** Callers beyond this number are answered immediately. */
const waitersMax = 1_000;

type Waiter = { readonly id: string; readonly untilMs: number; readonly go: () => void };

export class Waiting {
  readonly #pool: pg.Pool;
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Resolves when the request is finished, or the time is up. */
  async finished(id: string, waitMs: number): Promise<void> {
    if (this.#stopped || this.#waiters.length >= waitersMax) return;
    await new Promise<void>((go) => {
      this.#waiters.push({ id, untilMs: performance.now() + waitMs, go });
      this.#timer ??= setTimeout(() => void this.#look(), lookEveryMs).unref();
    });
  }

  /** Ends all waits. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    for (const { go } of this.#waiters.splice(0)) go();
  }

  async #look(): Promise<void> {
    const finished = await this.#finishedOf(this.#waiters.map(({ id }) => id));
    const nowMs = performance.now();
    const [gone, left]: [Waiter[], Waiter[]] = [[], []];
    for (const waiter of this.#waiters) (finished.has(waiter.id) || waiter.untilMs <= nowMs ? gone : left).push(waiter);
    this.#waiters = left;
    for (const { go } of gone) go();
    this.#timer = left.length === 0 || this.#stopped ? null : setTimeout(() => void this.#look(), lookEveryMs).unref();
  }

  async #finishedOf(ids: readonly string[]): Promise<ReadonlySet<string>> {
    try {
      const { rows } = await this.#pool.query<{ id: string }>({
        name: 'requests_finished',
        text: 'select id from requests.request where id = any($1::uuid[]) and finished_at is not null',
        values: [[...new Set(ids)]],
      });
      return new Set(rows.map(({ id }) => id));
    } catch {
      // They keep waiting; the read after the wait reports the same outage.
      return new Set();
    }
  }
}
