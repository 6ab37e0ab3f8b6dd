/**
 * Notifies followers of the log that there may be something to read, in this and in other processes. Only a hint: it does not say
 * what was posted, may be lost, and listeners also poll. It is called on the posting path, so it never waits.
 */
import type pg from 'pg';
import { Listener } from '../background/index.ts';
import type { Log } from '../kernel/index.ts';
import type { LedgerObserver } from '../ledger/index.ts';

export type PostingNotifier = {
  /** Something was posted. Costs a comparison; at most one notification per `notifyEveryMs` leaves the process. */
  notify(): void;
  /** Called for each notification of any process, and when some may have been missed. `onNotified` must not throw or wait. */
  readonly listen: (onNotified: () => void) => Promise<{ stop(): Promise<void> }>;
  stop(): Promise<void>;
};

const channel = 'coffer_events';
/** Postings come in hundreds of batches a second: one notification for all commits in this time. */
const notifyEveryMs = 20;

export type PostingNotifierOptions = {
  /** Database URL for the listening connection. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly log: Log;
};

export function openPostingNotifier({ url, pool, log }: PostingNotifierOptions): PostingNotifier {
  const listeners = new Set<() => void>();
  const listener = new Listener({
    url,
    applicationName: 'coffer doorbell',
    channel,
    heard: () => {
      for (const onNotified of listeners) onNotified();
    },
    failed: (failure) => log.debug({ reason: String(failure) }, 'Cannot listen for posting notifications; retrying'),
  });
  let timer: NodeJS.Timeout | null = null;
  let isUnderWay = false;
  let stopped = false;

  const send = () => {
    timer = null;
    // One at a time, so that a slow database gets no queue of hints.
    if (isUnderWay) return later();
    isUnderWay = true;
    pool
      .query({ name: 'notify', text: `select pg_notify('${channel}', '')` })
      .catch((failure: unknown) => log.debug({ reason: String(failure) }, 'A posting notification was lost'))
      .finally(() => {
        isUnderWay = false;
      });
  };
  const later = () => {
    if (timer === null && !stopped) timer = setTimeout(send, notifyEveryMs).unref();
  };
  return {
    notify: later,
    listen: async (onNotified) => {
      listeners.add(onNotified);
      await listener.open();
      return {
        stop: () => {
          listeners.delete(onNotified);
          return Promise.resolve();
        },
      };
    },
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      listeners.clear();
      await listener.close();
    },
  };
}

/** A ledger observer that notifies for each batch that added something to the log, and calls `observe`. */
export function notifyingOnCommit(notifier: Pick<PostingNotifier, 'notify'>, observe: LedgerObserver): LedgerObserver {
  return {
    answered: (kind, outcome) => observe.answered(kind, outcome),
    batchCommitted: (batch) => {
      if (batch.entries > 0) notifier.notify();
      observe.batchCommitted(batch);
    },
  };
}
