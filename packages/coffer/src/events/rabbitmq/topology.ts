/**
 * What Coffer needs in a RabbitMQ. Declaring is repeated at every connection and whenever something did not get through, so that what was
 * deleted is there again.
 */
import type { Channel } from 'rabbitmq-client';
import { eventsExchange } from '../asyncapi.ts';
import { workerQueue } from '../broker.ts';

export const deadExchange = 'wallet.events.dlx';
export const deadQueue = 'wallet.events.worker.dlq';

/**
 * How often the queue itself delivers a message before it gives it up: what ends a worker each time must not do so for ever. What fails is
 * given up by the worker, after far fewer (`deliveriesMax`). Not fewer here, because RabbitMQ also counts what was only fetched by a
 * worker that was then stopped or cut off, and healthy events shall survive a day of that.
 */
const queueDeliveriesMax = 100;
/** RabbitMQ 4 gives every quorum queue a limit when it gets none, and looking at a dead letter counts as a delivery. */
const deadDeliveriesMax = 1_000_000_000;

/** Quorum queues are replicated, and on disk before they confirm. Nothing has a time to live: healthy events must not expire. */
export async function declareTopology(channel: Channel): Promise<void> {
  await channel.exchangeDeclare({ exchange: eventsExchange, type: 'topic', durable: true });
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
      // Several workers may ask for events; one gets them, so that their order holds, and another when that one is gone.
      'x-single-active-consumer': true,
      'x-delivery-limit': queueDeliveriesMax,
      // A dead letter leaves this queue when it is safe in the other one. RabbitMQ wants an overflow of reject-publish for that.
      'x-dead-letter-strategy': 'at-least-once',
      'x-dead-letter-exchange': deadExchange,
      'x-overflow': 'reject-publish',
    },
  });
  await channel.queueBind({ queue: workerQueue, exchange: eventsExchange, routingKey: '#' });
}

/** Consumers bind `book.*.FundsWithdrawn`, `book.1.#` or `#`. */
export function routingKeyOf({ book, type }: { readonly book: number; readonly type: string }): string {
  return `book.${book}.${type}`;
}
