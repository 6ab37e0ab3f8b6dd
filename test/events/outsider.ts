/** A consumer of RabbitMQ beside Coffer's own: a queue of its own, whose messages it counts. */
import type { Channel } from 'rabbitmq-client';
import type { LedgerEvent } from '../../packages/coffer/src/ledger/index.ts';

type Received = { readonly id: string; readonly contentType: string; readonly events: readonly string[] };

export class Outsider {
  readonly received: Received[] = [];
  readonly #exchange: string;
  readonly #routingKey: string;
  /** Published while nothing was bound. */
  readonly #before = new Set<string>();

  private constructor(exchange: string, routingKey: string) {
    this.#exchange = exchange;
    this.#routingKey = routingKey;
  }

  /** Before the first event that it expects is published. */
  static async bind(channel: Channel, exchange: string, routingKey = '#'): Promise<Outsider> {
    const outsider = new Outsider(exchange, routingKey);
    await outsider.bindAgain(channel, []);
    return outsider;
  }

  /** After its binding was deleted: the events until now are not expected. */
  async bindAgain(channel: Channel, log: readonly LedgerEvent[]): Promise<void> {
    for (const { id } of log) this.#before.add(id);
    await channel.exchangeDeclare({ exchange: this.#exchange, type: 'topic', durable: true });
    await channel.queueDeclare({ queue: this.#queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.queueBind({ queue: this.#queue, exchange: this.#exchange, routingKey: this.#routingKey });
  }

  /** Takes what has come, and returns the ids of the events that it should have and has not. */
  async missing(channel: Channel, log: readonly LedgerEvent[]): Promise<string[]> {
    for (;;) {
      const message = await channel.basicGet({ queue: this.#queue });
      if (!message) break;
      const parsed = JSON.parse((message.body as Buffer).toString()) as { id: string } | { id: string }[];
      const events = [parsed].flat().map(({ id }) => id);
      this.received.push({ id: message.messageId ?? '', contentType: message.contentType ?? '', events });
      channel.basicAck({ deliveryTag: message.deliveryTag });
    }
    const has = new Set(this.received.flatMap(({ events }) => events));
    return log.map(({ id }) => id).filter((id) => !has.has(id) && !this.#before.has(id));
  }

  get #queue(): string {
    return `outsider.${this.#exchange}`;
  }
}
