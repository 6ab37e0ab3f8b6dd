/** The broker that the settings ask for. */
import type pg from 'pg';
import { loadOptional } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { workerQueue } from './broker.ts';
import type { Broker, DeadLetters } from './broker.ts';
import { openBuiltIn } from './built-in/broker.ts';
import { countLeft, deadLettersOf } from './built-in/dead-letters.ts';
import type { Doorbell } from './doorbell.ts';

export type BrokerOptions = {
  readonly peers: { readonly rabbitmqUrl: string | undefined };
  /** Of the database, for connections of the broker's own. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  /** Without one the log is looked at once a second. */
  readonly doorbell?: Pick<Doorbell, 'listen'> | undefined;
};

export async function openBroker({ peers, doorbell, ...options }: BrokerOptions): Promise<Broker> {
  if (peers.rabbitmqUrl !== undefined) {
    await tellLeftBehind(options.pool, options.log);
    const { openRabbitMq } = await loadRabbitMq();
    return openRabbitMq({ ...options, rabbitmqUrl: peers.rabbitmqUrl, doorbell });
  }
  return await openBuiltIn({ ...options, ...(doorbell && { listen: (onRing) => doorbell.listen(onRing) }) });
}

async function loadRabbitMq() {
  return await loadOptional('RABBITMQ_URL', ['rabbitmq-client'], () => import('./rabbitmq/broker.ts'));
}

/** What failed with the built-in broker stays with it: RabbitMQ has no such messages, and its dead letters are others. */
async function tellLeftBehind(pool: pg.Pool, log: Log): Promise<void> {
  const left = await countLeft(pool, workerQueue);
  if (left.deadLetters + left.toBeRedelivered > 0)
    log.warn(left, 'Events that failed wait in PostgreSQL, not in RabbitMQ: see to them with "coffer deadletters", without RABBITMQ_URL');
}

export type OpenedDeadLetters = { readonly deadLetters: DeadLetters; stop(): Promise<void> };

/** The dead letters alone, for a process that neither carries nor consumes. */
export async function openDeadLetters({ peers, pool, log }: Pick<BrokerOptions, 'peers' | 'pool' | 'log'>): Promise<OpenedDeadLetters> {
  if (peers.rabbitmqUrl !== undefined) {
    const { openRabbitDeadLetters } = await loadRabbitMq();
    return openRabbitDeadLetters({ rabbitmqUrl: peers.rabbitmqUrl, pool, log });
  }
  // Whoever consumes looks for what is due once a second, rung or not.
  return { deadLetters: deadLettersOf(pool, workerQueue, () => undefined), stop: () => Promise.resolve() };
}
