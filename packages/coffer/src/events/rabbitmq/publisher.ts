/** Publishes messages to RabbitMQ, and tracks which are safe there: confirmed to be on a queue's disk. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Channel } from 'rabbitmq-client';
import { closeQuietly, settledWithin, timedOut } from './link.ts';
import type { RabbitLink } from './link.ts';
import { declareTopology } from './topology.ts';

/** From sending a window to its last confirm. RabbitMQ has no such limit: a lost confirm would be awaited forever. */
const confirmTimeoutMs = 15_000;
/** The same for a window in progress when the process stops: unconfirmed events are relayed again later. */
const lastConfirmMs = 2_000;
const lookEveryMs = 1_000;

export type Message = {
  readonly exchange: string;
  readonly routingKey: string;
  /** Identifies returned messages: unique within a window. */
  readonly messageId: string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, number>>;
  readonly body: Buffer;
  /** It is for Coffer's own queue: if RabbitMQ has no queue for it, something is missing. */
  readonly isOwn: boolean;
};

/** `unrouted`: RabbitMQ confirms that it has no queue for it. `unknown`: it may or may not be there. */
export type Published = 'safe' | 'unrouted' | 'unknown';

export class Publisher {
  readonly #link: RabbitLink;
  #channel: Channel | null = null;
  /** Messages of the current window that were returned because no queue matched. */
  #returned = new Set<string>();

  constructor(link: RabbitLink) {
    this.#link = link;
  }

  /**
   * Publishes a window in order, and returns what became of each message. One window at a time. Throws BrokerUnavailable if nothing
   * was sent. `isEnding`: whether a stop waits for it.
   */
  async publish(window: readonly Message[], isEnding: () => boolean = () => false): Promise<readonly Published[]> {
    const channel = await this.#ready();
    const returned = new Set<string>();
    this.#returned = returned;
    const confirmed = window.map(() => false);
    const sent = window.map(({ body, isOwn: _, ...envelope }, at) =>
      channel.basicPublish({ ...envelope, durable: true, mandatory: true }, body).then(
        () => (confirmed[at] = true),
        () => false,
      ),
    );
    const isInTime = await this.#confirmed(Promise.all(sent), channel, isEnding);
    // RabbitMQ sends a return before its confirm; the library reports it one turn later.
    await turn();
    const published = window.map(({ messageId, isOwn }, at): Published => {
      if (!confirmed[at]) return 'unknown';
      if (!returned.has(messageId)) return 'safe';
      return isOwn ? 'unknown' : 'unrouted';
    });
    if (!published.includes('unknown')) return published;
    // Something is missing or disconnected: a new channel declares it again.
    this.#leave(channel);
    if (!isInTime) this.#link.reset();
    return published;
  }

  stop(): void {
    if (this.#channel) this.#leave(this.#channel);
  }

  /** False if it took too long; the clock stops while RabbitMQ blocks publishing. */
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
