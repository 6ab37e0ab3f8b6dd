/**
 * The exchanges and queues that Coffer needs in RabbitMQ. They are declared again on every connection and whenever a message did
 * not get through, so that deleted ones are restored.
 */
import type { Channel } from 'rabbitmq-client';
import { eventsExchange, operationsExchange } from '../asyncapi.ts';
import { workerQueue } from '../broker.ts';

/** What is published here goes to the worker's queue. It has the queue's name, so that rights on that name cover it. */
export const workerExchange = workerQueue;
export const deadExchange = 'wallet.events.dlx';
export const deadQueue = 'wallet.events.worker.dlq';

/**
 * Delivery limit of the queue itself: a message that crashes its worker each time must not do so forever. The worker gives up on
 * failing messages much earlier (`deliveriesMax`). The limit is not lower, because RabbitMQ also counts messages fetched by a
 * worker that was then stopped or disconnected, and healthy events must survive a day of that.
 */
const queueDeliveriesMax = 100;
/** RabbitMQ 4 applies a default limit to every quorum queue without one, and reading a dead letter counts as a delivery. */
const deadDeliveriesMax = 1_000_000_000;

/** Quorum queues are replicated, and on disk before they confirm. There is no time to live: healthy events must not expire. */
export async function declareTopology(channel: Channel): Promise<void> {
  await channel.exchangeDeclare({ exchange: eventsExchange, type: 'topic', durable: true });
  await channel.exchangeDeclare({ exchange: operationsExchange, type: 'topic', durable: true });
  await channel.exchangeDeclare({ exchange: workerExchange, type: 'fanout', durable: true });
  await channel.exchangeDeclare({ exchange: deadExchange, type: 'fanout', durable: true });
  await channel.queueDeclare({
    queue: deadQueue,
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': deadDeliveriesMax },
  });
  await channel.queueBind({ queue: deadQueue, exchange: deadExchange, routingKey: '' });
  await channel.queueDeclare({
    queue: workerQueue,
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      // Several workers may subscribe; one is active, so that the order holds, and another takes over when it is gone.
      'x-single-active-consumer': true,
      'x-delivery-limit': queueDeliveriesMax,
      // A dead letter leaves this queue once it is safe in the other one. RabbitMQ requires overflow reject-publish for that.
      'x-dead-letter-strategy': 'at-least-once',
      'x-dead-letter-exchange': deadExchange,
      'x-overflow': 'reject-publish',
    },
  });
  await channel.queueBind({ queue: workerQueue, exchange: workerExchange, routingKey: '' });
  // Versions before announcements bound it here: every event came as a message.
  await channel.queueUnbind({ queue: workerQueue, exchange: eventsExchange, routingKey: '#' });
}

/** Consumers bind `book.*.FundsWithdrawn`, `book.1.#` or `#`. */
export function routingKeyOf({ book, type }: { readonly book: number; readonly type: string }): string {
  return `book.${book}.${type}`;
}
