/**
 * Notifies followers of the log that there may be something to read, in this and in other processes. Only a hint: it does not say
 * what was posted, may be lost, and listeners also poll. It is called on the posting path, so it never waits.
 */
import type pg from 'pg';
import { Listener } from '../background/index.ts';
import type { Log } from '../kernel/index.ts';
import type { LedgerObserver } from '../ledger/index.ts';

export type Doorbell = {
  /** Something was posted. Costs a comparison; at most one notification per `ringEveryMs` leaves the process. */
  ring(): void;
  /** Called for each notification of any process, and when some may have been missed. `onRing` must not throw or wait. */
  readonly listen: (onRing: () => void) => Promise<{ stop(): Promise<void> }>;
  stop(): Promise<void>;
};

const channel = 'coffer_events';
/** Postings come in hundreds of batches a second: one notification for all commits in this time. */
const ringEveryMs = 20;

export type DoorbellOptions = {
  /** Database URL for the listening connection. */
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
    failed: (failure) => log.debug({ reason: String(failure) }, 'Cannot listen for posting notifications; retrying'),
  });
  let ringing: NodeJS.Timeout | null = null;
  let isUnderWay = false;
  let stopped = false;

  const send = () => {
    ringing = null;
    // One at a time, so that a slow database gets no queue of hints.
    if (isUnderWay) return later();
    isUnderWay = true;
    pool
      .query({ name: 'ring', text: `select pg_notify('${channel}', '')` })
      .catch((failure: unknown) => log.debug({ reason: String(failure) }, 'A posting notification was lost'))
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

/** A ledger observer that notifies for each batch that added something to the log, and calls `observe`. */
export function ringingOnCommit(doorbell: Pick<Doorbell, 'ring'>, observe: LedgerObserver): LedgerObserver {
  return {
    answered: (kind, outcome) => observe.answered(kind, outcome),
    batchCommitted: (batch) => {
      if (batch.entries > 0) doorbell.ring();
      observe.batchCommitted(batch);
    },
  };
}
