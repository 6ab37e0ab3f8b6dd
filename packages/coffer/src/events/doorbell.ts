/**
 * Tells whoever follows the log that something may be there to read, in this process and in the others. Only a hint: it says nothing of
 * what was posted, may be lost, and whoever listens looks by itself now and then as well. Rung on the posting path, so it never waits.
 */
import pg from 'pg';
import { Backoff } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { LedgerObserver } from '../ledger/index.ts';

export type Doorbell = {
  /** Something was posted. Costs a comparison; at most one notice every `ringEveryMs` leaves the process. */
  ring(): void;
  /** Calls at each ring of any process, and when rings may have been missed. `onRing` must not throw or wait. */
  readonly listen: (onRing: () => void) => Promise<{ stop(): Promise<void> }>;
  stop(): Promise<void>;
};

const channel = 'coffer_events';
/** Postings come in batches, hundreds a second: one notice for all that were committed meanwhile. */
const ringEveryMs = 20;
const reconnectMs = { first: 100, most: 5_000 } as const;

export type DoorbellOptions = {
  /** Of the database, for the connection that listens. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly log: Log;
};

export function openDoorbell({ url, pool, log }: DoorbellOptions): Doorbell {
  const listeners = new Set<() => void>();
  const ear = new Ear(url, log, () => {
    for (const onRing of listeners) onRing();
  });
  let ringing: NodeJS.Timeout | null = null;
  let isUnderWay = false;
  let stopped = false;

  const send = () => {
    ringing = null;
    // One at a time: a database that is slow gets no queue of hints.
    if (isUnderWay) return later();
    isUnderWay = true;
    pool
      .query({ name: 'ring', text: `select pg_notify('${channel}', '')` })
      .catch((failure: unknown) => log.debug({ reason: String(failure) }, 'A ring of the doorbell was lost'))
      .finally(() => {
        isUnderWay = false;
      });
  };
  const later = () => {
    if (ringing === null && !stopped) ringing = setTimeout(send, ringEveryMs).unref();
  };
  return {
    ring: later,
    listen: async (onRing) => {
      listeners.add(onRing);
      await ear.open();
      return {
        stop: () => {
          listeners.delete(onRing);
          return Promise.resolve();
        },
      };
    },
    stop: async () => {
      stopped = true;
      if (ringing !== null) clearTimeout(ringing);
      listeners.clear();
      await ear.close();
    },
  };
}

/** An onlooker of the ledger that rings for each batch that added something to the log, beside what `observe` does. */
export function ringingOnCommit(doorbell: Pick<Doorbell, 'ring'>, observe: LedgerObserver): LedgerObserver {
  return {
    answered: (kind, outcome) => observe.answered(kind, outcome),
    batchCommitted: (batch) => {
      if (batch.entries > 0) doorbell.ring();
      observe.batchCommitted(batch);
    },
  };
}

/** The connection that hears the rings. One that breaks is replaced; meanwhile nothing is heard. */
class Ear {
  readonly #url: string;
  readonly #log: Log;
  readonly #onRing: () => void;
  #client: pg.Client | null = null;
  #opening: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  readonly #backoff = new Backoff(reconnectMs);
  #closed = false;

  constructor(url: string, log: Log, onRing: () => void) {
    this.#url = url;
    this.#log = log;
    this.#onRing = onRing;
  }

  /** The first time it connects; an outage then is waited out behind the caller's back. */
  async open(): Promise<void> {
    this.#opening ??= this.#connect();
    await this.#opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#opening;
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'coffer doorbell',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    const broken = () => {
      if (this.#client === client) {
        this.#client = null;
        this.#connectLater();
      }
    };
    client.on('error', broken);
    client.on('end', broken);
    client.on('notification', () => this.#onRing());
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
      this.#client = client;
      this.#backoff.reset();
      // What was rung while nobody heard.
      this.#onRing();
    } catch (failure) {
      this.#log.debug({ reason: String(failure) }, 'The doorbell cannot be heard; trying again');
      await client.end().catch(() => undefined);
      this.#connectLater();
    }
  }

  #connectLater(): void {
    if (this.#closed || this.#retry) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      if (!this.#closed) this.#opening = this.#connect();
    }, this.#backoff.nextMs()).unref();
  }
}
