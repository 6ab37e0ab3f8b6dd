/** Opens the broker selected by the settings. */
import type pg from 'pg';
import { loadOptional } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { workerQueue } from './broker.ts';
import type { Broker, DeadLetters } from './broker.ts';
import { openBuiltIn } from './built-in/broker.ts';
import { countLeft, deadLettersOf } from './built-in/dead-letters.ts';
import type { PostingNotifier } from './notifier.ts';

export type BrokerOptions = {
  readonly peers: { readonly rabbitmqUrl: string | undefined };
  /** Database URL, for the broker's own connections. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  /** Opens the metadata of what leaves for RabbitMQ, and of dead letters. */
  readonly metadata?: MetadataVault | undefined;
  /** Without one, the log is polled once a second. */
  readonly notifier?: Pick<PostingNotifier, 'listen'> | undefined;
};

export async function openBroker({ peers, notifier, ...options }: BrokerOptions): Promise<Broker> {
  if (peers.rabbitmqUrl !== undefined) {
    await warnOfLeftovers(options.pool, options.log);
    const { openRabbitMq } = await loadRabbitMq();
    return openRabbitMq({ ...options, rabbitmqUrl: peers.rabbitmqUrl, notifier });
  }
  return await openBuiltIn({ ...options, ...(notifier && { listen: (onNotified) => notifier.listen(onNotified) }) });
}

async function loadRabbitMq() {
  return await loadOptional('RABBITMQ_URL', ['rabbitmq-client'], () => import('./rabbitmq/broker.ts'));
}

/** Failed events of the built-in broker stay there: RabbitMQ does not have these messages, and has its own dead letters. */
async function warnOfLeftovers(pool: pg.Pool, log: Log): Promise<void> {
  const left = await countLeft(pool, workerQueue);
  if (left.deadLetters + left.toBeRedelivered > 0)
    log.warn(left, 'Failed events are still in PostgreSQL, not in RabbitMQ: handle them with "coffer deadletters", without RABBITMQ_URL');
}

export type OpenedDeadLetters = { readonly deadLetters: DeadLetters; stop(): Promise<void> };

/** Only the dead letters, for a process that neither relays nor consumes. */
export async function openDeadLetters({
  peers,
  pool,
  log,
  metadata,
}: Pick<BrokerOptions, 'peers' | 'pool' | 'log' | 'metadata'>): Promise<OpenedDeadLetters> {
  if (peers.rabbitmqUrl !== undefined) {
    const { openRabbitDeadLetters } = await loadRabbitMq();
    return openRabbitDeadLetters({ rabbitmqUrl: peers.rabbitmqUrl, pool, log, metadata });
  }
  // Consumers poll for due events once a second, even without a notification.
  return { deadLetters: deadLettersOf(pool, workerQueue, () => undefined, metadata), stop: () => Promise.resolve() };
}
