/** The RabbitMQ broker: a relay carries the log to it, consumers read a quorum queue. It is never on the posting path. */
import type pg from 'pg';
import type { Log } from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { workerQueue } from '../broker.ts';
import type { Broker, Consumer, DeadLetters } from '../broker.ts';
import type { PostingNotifier } from '../notifier.ts';
import { RabbitConsumer } from './consumer.ts';
import { rabbitDeadLetters } from './dead-letters.ts';
import { RabbitLink } from './link.ts';
import { Publisher } from './publisher.ts';
import { Relay } from './relay.ts';

export type RabbitOptions = {
  readonly rabbitmqUrl: string;
  /** Database URL, for the relay's own connection. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  readonly log: Log;
  readonly metadata?: MetadataVault | undefined;
  /** Without one, the relay polls the log once a second. */
  readonly notifier?: Pick<PostingNotifier, 'listen'> | undefined;
};

export function openRabbitMq({ rabbitmqUrl, url, pool, ledger, log, metadata, notifier }: RabbitOptions): Broker {
  // RabbitMQ stops reading from a connection whose publishing it blocks, including acknowledgements: hence two.
  const [publishing, consuming] = [new RabbitLink(rabbitmqUrl, 'publishing', log), new RabbitLink(rabbitmqUrl, 'consuming', log)];
  const publishers = { relay: new Publisher(publishing), again: new Publisher(publishing), replay: new Publisher(publishing) };
  const parts = new Set<Consumer>();
  const keep = (part: Consumer): Consumer => {
    parts.add(part);
    return {
      stop: async () => {
        parts.delete(part);
        await part.stop();
      },
    };
  };
  return {
    get status() {
      return { kind: 'rabbitmq' as const, connected: publishing.connected && consuming.connected };
    },
    deadLetters: rabbitDeadLetters({ link: consuming, publisher: publishers.replay, pool, metadata }),
    relay: async () => {
      const relay = new Relay({ url, ledger, metadata, publisher: publishers.relay, log });
      const listening = await notifier?.listen(() => relay.ring());
      return keep({
        stop: async () => {
          await listening?.stop();
          await relay.stop();
        },
      });
    },
    consume: (handler) => {
      const consumer = new RabbitConsumer({ link: consuming, publisher: publishers.again, queue: workerQueue, ledger, handler, log });
      return Promise.resolve(keep(consumer));
    },
    stop: async () => {
      await Promise.all([...parts].map((part) => part.stop()));
      parts.clear();
      for (const publisher of Object.values(publishers)) publisher.stop();
      await Promise.all([publishing.stop(), consuming.stop()]);
    },
  };
}

/** Only the dead letters: one connection, because nothing else is published or consumed on it. */
export function openRabbitDeadLetters({
  rabbitmqUrl,
  pool,
  log,
  metadata,
}: Pick<RabbitOptions, 'rabbitmqUrl' | 'pool' | 'log' | 'metadata'>): {
  readonly deadLetters: DeadLetters;
  stop(): Promise<void>;
} {
  const link = new RabbitLink(rabbitmqUrl, 'dead letters', log);
  const publisher = new Publisher(link);
  return {
    deadLetters: rabbitDeadLetters({ link, publisher, pool, metadata }),
    stop: async () => {
      publisher.stop();
      await link.stop();
    },
  };
}
