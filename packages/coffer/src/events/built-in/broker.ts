/**
 * The broker that needs only PostgreSQL. Its queue is a position in the log itself: nothing is written per event, so there is
 * nothing to relay, lose or expire, and an event is delivered from the row that the posting inserted.
 */
import type pg from 'pg';
import type { Log } from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { workerQueue } from '../broker.ts';
import type { Broker, Delivery } from '../broker.ts';
import { envelopeOf } from '../envelope.ts';
import { BuiltInConsumer } from './consumer.ts';
import { deadLettersOf } from './dead-letters.ts';

export type BuiltInOptions = {
  /** Database URL, for the consumer's own connection. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  readonly metadata?: MetadataVault | undefined;
  /** Calls back when something may have been posted, until its `stop`; without it, the log is polled once a second. */
  readonly listen?: (onNotified: () => void) => Promise<{ stop(): Promise<unknown> }>;
};

export async function openBuiltIn({ url, pool, ledger, log, metadata, listen }: BuiltInOptions): Promise<Broker> {
  const consumers = new Set<BuiltInConsumer>();
  const ring = () => {
    for (const consumer of consumers) consumer.ring();
  };
  const listening = await listen?.(ring);
  return {
    status: { kind: 'built-in', connected: true },
    deadLetters: deadLettersOf(pool, workerQueue, ring, metadata),
    relay: () => Promise.resolve({ stop: () => Promise.resolve() }),
    consume: (handler) => {
      const consumer = new BuiltInConsumer({ url, queue: workerQueue, ledger, handler, log, bodyOf });
      consumers.add(consumer);
      return Promise.resolve({
        stop: async () => {
          consumers.delete(consumer);
          await consumer.stop();
        },
      });
    },
    stop: async () => {
      await listening?.stop();
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      consumers.clear();
    },
  };
}

function bodyOf(delivery: Delivery): string {
  return JSON.stringify(envelopeOf(delivery));
}
