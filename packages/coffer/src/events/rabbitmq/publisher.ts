/** Puts messages into RabbitMQ, and knows which of them are safe there: on the disk of a queue, by its own word. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Channel } from 'rabbitmq-client';
import { closeQuietly, settledWithin, timedOut } from './link.ts';
import type { RabbitLink } from './link.ts';
import { declareTopology } from './topology.ts';

/** From handing a window over to its last confirm. RabbitMQ knows no such limit: a confirm that was lost would be waited for for ever. */
const confirmTimeoutMs = 15_000;
/** The same, for a window under way when the process stops: what is not confirmed by then is carried again later. */
const lastConfirmMs = 2_000;
const lookEveryMs = 1_000;

export type Message = {
  readonly exchange: string;
  readonly routingKey: string;
  /** Tells returned messages apart: unique within a window. */
  readonly messageId: string;
  readonly contentType: string;
  readonly body: Buffer;
};

export class Publisher {
  readonly #link: RabbitLink;
  #channel: Channel | null = null;
  /** What came back of the window under way, since no queue wanted it. */
  #returned = new Set<string>();

  constructor(link: RabbitLink) {
    this.#link = link;
  }

  /**
   * Publishes a window in its order, and answers how many of its first messages are safe: confirmed, and not returned. Of those behind
   * them nothing is known. One window at a time. Throws BrokerUnavailable when nothing was sent. `isEnding`: whether its end is waited for.
   */
  async publish(window: readonly Message[], isEnding: () => boolean = () => false): Promise<number> {
    const channel = await this.#ready();
    const returned = new Set<string>();
    this.#returned = returned;
    const confirmed = window.map(() => false);
    const sent = window.map(({ body, ...envelope }, at) =>
      channel.basicPublish({ ...envelope, durable: true, mandatory: true }, body).then(
        () => (confirmed[at] = true),
        () => false,
      ),
    );
    const isInTime = await this.#confirmed(Promise.all(sent), channel, isEnding);
    // RabbitMQ sends what it returns before it confirms it; the library tells it a turn later.
    await turn();
    const unsafe = window.findIndex(({ messageId }, at) => !confirmed[at] || returned.has(messageId));
    if (unsafe === -1) return window.length;
    // Something is missing or was cut off: a new channel declares it again.
    this.#leave(channel);
    if (!isInTime) this.#link.reset();
    return unsafe;
  }

  stop(): void {
    if (this.#channel) this.#leave(this.#channel);
  }

  /** False when it took too long; while RabbitMQ says that it takes nothing, time stands still. */
  async #confirmed(all: Promise<unknown>, channel: Channel, isEnding: () => boolean): Promise<boolean> {
    let endingMs = 0;
    for (let waitedMs = 0; waitedMs < confirmTimeoutMs; waitedMs += this.#link.isBlocked ? 0 : lookEveryMs) {
      if ((await settledWithin(all, lookEveryMs)) !== timedOut) return true;
      if (!channel.active) return true;
      if (isEnding() && (endingMs += lookEveryMs) > lastConfirmMs) return false;
    }
    return false;
  }

  async #ready(): Promise<Channel> {
    if (this.#channel?.active) return this.#channel;
    this.#channel = await this.#link.channel(async (channel) => {
      await declareTopology(channel);
      await channel.confirmSelect();
      channel.on('basic.return', ({ messageId }) => this.#returned.add(messageId ?? ''));
    });
    return this.#channel;
  }

  #leave(channel: Channel): void {
    closeQuietly(channel);
    if (this.#channel === channel) this.#channel = null;
  }
}
