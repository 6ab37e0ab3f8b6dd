/**
 * Tells whoever follows the log that something may be there to read, in this process and in the others. Only a hint: it says nothing of
 * what was posted, may be lost, and whoever listens looks by itself now and then as well. Rung on the posting path, so it never waits.
 */
import type pg from 'pg';
import { Listener } from '../background/index.ts';
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

export type DoorbellOptions = {
  /** Of the database, for the connection that listens. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly log: Log;
};

export function openDoorbell({ url, pool, log }: DoorbellOptions): Doorbell {
  const listeners = new Set<() => void>();
  const listener = new Listener({
    url,
    applicationName: 'coffer doorbell',
    channel,
    heard: () => {
      for (const onRing of listeners) onRing();
    },
    failed: (failure) => log.debug({ reason: String(failure) }, 'The doorbell cannot be heard; trying again'),
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
      await listener.open();
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
      await listener.close();
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
