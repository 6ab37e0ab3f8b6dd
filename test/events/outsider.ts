/** A consumer of RabbitMQ beside Coffer's own: a queue of its own, whose messages it records. */
import { Connection } from 'rabbitmq-client';
import type { Channel } from 'rabbitmq-client';
import type { LedgerEvent } from '../../packages/coffer/src/ledger/index.ts';

type Received = { readonly id: string; readonly contentType: string; readonly events: readonly string[] };

export class Outsider {
  readonly received: Received[] = [];
  readonly #exchange: string;
  readonly #routingKey: string;
  readonly #connection: Connection;
  readonly #ids = new Set<string>();
  /** Published while nothing was bound. */
  readonly #before = new Set<string>();

  private constructor(url: string, exchange: string, routingKey: string) {
    this.#exchange = exchange;
    this.#routingKey = routingKey;
    this.#connection = new Connection({ url, retryLow: 100, retryHigh: 500 });
    this.#connection.on('error', () => undefined);
  }

  /** Resolves when its queue is bound. It connects again whenever it has to. */
  static async start(url: string, exchange: string, routingKey = '#'): Promise<Outsider> {
    const outsider = new Outsider(url, exchange, routingKey);
    const channel = await outsider.#connection.acquire();
    await outsider.bindAgain(channel, []);
    await channel.close();
    const consumer = outsider.#connection.createConsumer(
      { queue: outsider.#queue, queueOptions: { passive: true }, qos: { prefetchCount: 500 } },
      ({ body, messageId, contentType }) => {
        const parsed = JSON.parse((body as Buffer).toString()) as { id: string } | { id: string }[];
        const events = [parsed].flat().map(({ id }) => id);
        for (const id of events) outsider.#ids.add(id);
        outsider.received.push({ id: messageId ?? '', contentType: contentType ?? '', events });
      },
    );
    consumer.on('error', () => undefined);
    return outsider;
  }

  /** After its binding was deleted: the events until now are not expected. */
  async bindAgain(channel: Channel, log: readonly LedgerEvent[]): Promise<void> {
    for (const { id } of log) this.#before.add(id);
    await channel.exchangeDeclare({ exchange: this.#exchange, type: 'topic', durable: true });
    await channel.queueDeclare({ queue: this.#queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.queueBind({ queue: this.#queue, exchange: this.#exchange, routingKey: this.#routingKey });
  }

  /** The ids of the events that it should have and has not. */
  missing(log: readonly LedgerEvent[]): string[] {
    return log.map(({ id }) => id).filter((id) => !this.#ids.has(id) && !this.#before.has(id));
  }

  /** Stops, and deletes its queue. */
  async remove(): Promise<void> {
    const channel = await this.#connection.acquire();
    await channel.queueDelete({ queue: this.#queue });
    await channel.close();
    this.stop();
  }

  stop(): void {
    this.#connection.unsafeDestroy();
  }

  get #queue(): string {
    return `outsider.${this.#exchange}`;
  }
}
