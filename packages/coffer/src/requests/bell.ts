/** The doorbell between those who accept requests and those who work on them. A ring that is lost costs a moment: workers look by themselves. */
import type pg from 'pg';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';

const channel = 'coffer_requests';
/** Notifying commits one after the other, so many requests share a ring. */
const gatherMs = 5;
const reconnectMs = 2_000;

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

/** Hears every ring, on a connection of its own that is made again when it breaks. */
export class BellListener {
  readonly #pool: pg.Pool;
  readonly #log: Log;
  readonly #heard: () => void;
  #client: pg.PoolClient | null = null;
  #retry: NodeJS.Timeout | null = null;
  #connecting: Promise<void>;
  #stopped = false;

  constructor(options: { readonly pool: pg.Pool; readonly log: Log; readonly heard: () => void }) {
    this.#pool = options.pool;
    this.#log = options.log;
    this.#heard = options.heard;
    this.#connecting = this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#connecting;
    this.#client?.release(true);
    this.#client = null;
  }

  async #connect(): Promise<void> {
    let client: pg.PoolClient | null = null;
    try {
      client = await this.#pool.connect();
      client.on('notification', this.#heard);
      client.on('end', () => this.#lost(client));
      await client.query(`listen ${channel}`);
      this.#client = client;
    } catch (failure) {
      client?.release(true);
      if (!isOutage(failure)) this.#log.warn({ err: failure }, 'The requests cannot be listened for; they are looked for instead');
      this.#again();
    }
  }

  #lost(client: pg.PoolClient | null): void {
    if (this.#stopped || client === null || client !== this.#client) return;
    this.#client = null;
    client.release(true);
    this.#again();
  }

  #again(): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.#connecting = this.#connect();
    }, reconnectMs).unref();
  }
}
