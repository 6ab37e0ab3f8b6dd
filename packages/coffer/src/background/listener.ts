import { Backoff } from '../kernel/index.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';

export type ListenerOptions = {
  readonly url: string;
  readonly applicationName: string;
  readonly channel: string;
  /** A notification arrived, or some may have been missed during an outage. Must not throw or wait. */
  readonly heard: () => void;
  /** It could not listen, and retries after a pause. */
  readonly failed: (failure: unknown) => void;
  readonly connectTimeoutMs?: number;
};

const reconnectMs = { first: 100, most: 5_000 } as const;

/** Listens to a PostgreSQL channel over its own connection, which it replaces when it breaks. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #open: typeof openSession;
  readonly #backoff = new Backoff(reconnectMs);
  #session: Session | null = null;
  #opening: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: ListenerOptions, open = openSession) {
    this.#options = options;
    this.#open = open;
  }

  /** Returns after the first attempt to connect. Outages are retried in the background. */
  async open(): Promise<void> {
    this.#opening ??= this.#connect();
    await this.#opening;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#opening;
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  async #connect(): Promise<void> {
    const { channel, heard, failed } = this.#options;
    let session: Session | null = null;
    try {
      session = await this.#open({ ...this.#options, onBroken: (broken) => this.#lose(broken) });
      session.client.on('notification', () => heard());
      await session.client.query(`listen ${channel}`);
      this.#session = session;
      this.#backoff.reset();
      // Earlier notifications may have been missed.
      heard();
    } catch (failure) {
      await session?.close();
      failed(failure);
      this.#connectLater();
    }
  }

  #lose(session: Session): void {
    if (this.#session !== session) return;
    this.#session = null;
    void session.close();
    this.#connectLater();
  }

  #connectLater(): void {
    if (this.#isClosed || this.#retry) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      if (!this.#isClosed) this.#opening = this.#connect();
    }, this.#backoff.nextMs()).unref();
  }
}
