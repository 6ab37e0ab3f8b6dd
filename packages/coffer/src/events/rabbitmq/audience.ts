/**
 * What some queue is bound for of a book's messages, as far as RabbitMQ tells. An exchange drops messages without a matching queue, so nothing is lost if
 * it does not get them. To notice a queue that is bound later, one message of each routing key is published in each window: RabbitMQ
 * returns it as long as there is no queue for it.
 */
import type { EntryShape } from '../../ledger/index.ts';
import type { Message, Published } from './publisher.ts';

type Addressed = Pick<Message, 'exchange' | 'routingKey'> & Pick<EntryShape, 'shape'>;

export class Audience {
  /** Shapes of entries of which a queue got a message: only of these, all events are read. */
  readonly #heard = new Set<string>();
  readonly #unbound = new Set<string>();

  /** The entries whose messages are published: those that a queue is bound for, and the first of each other shape. */
  entriesOf<E extends Pick<EntryShape, 'shape'>>(entries: readonly E[]): E[] {
    return firstOfEach(
      entries,
      ({ shape }) => shape,
      ({ shape }) => this.#heard.has(shape),
    );
  }

  /** The messages that are published, of these entries: those that a queue is bound for, and the first of each other routing key. */
  messagesOf<M extends Addressed>(messages: readonly M[]): M[] {
    return firstOfEach(messages, keyOf, (message) => !this.#unbound.has(keyOf(message)));
  }

  /** True if a queue has been bound for messages that were left out: the window must be published again. */
  learn(messages: readonly Addressed[], published: readonly Published[]): boolean {
    const unrouted = new Set<string>();
    const heard = new Set<string>();
    let isMissed = false;
    for (const [at, message] of messages.entries()) {
      const key = keyOf(message);
      if (published[at] === 'unrouted') unrouted.add(key);
      if (published[at] !== 'safe') continue;
      heard.add(message.shape);
      if (this.#unbound.delete(key)) isMissed = true;
    }
    for (const key of unrouted) this.#unbound.add(key);
    for (const { shape } of messages) {
      if (!heard.has(shape)) this.#heard.delete(shape);
      else if (!this.#heard.has(shape)) {
        this.#heard.add(shape);
        isMissed = true;
      }
    }
    return isMissed;
  }
}

function firstOfEach<T>(items: readonly T[], keyOfItem: (item: T) => string, isWanted: (item: T) => boolean): T[] {
  const probed = new Set<string>();
  return items.filter((item) => {
    if (isWanted(item)) return true;
    const isFirst = !probed.has(keyOfItem(item));
    probed.add(keyOfItem(item));
    return isFirst;
  });
}

function keyOf({ exchange, routingKey }: Pick<Message, 'exchange' | 'routingKey'>): string {
  return `${exchange} ${routingKey}`;
}
