/** A connection to RabbitMQ that reconnects automatically, and limits every wait: the library's own waits have no limit. */
import { Connection } from 'rabbitmq-client';
import type { Channel } from 'rabbitmq-client';
import { hidePasswords } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import { BrokerUnavailable } from '../broker.ts';

/** While it is unavailable: the waiting caller may be stopping. */
const acquireTimeoutMs = 3_000;
const answerTimeoutMs = 10_000;
const closeTimeoutMs = 2_000;
const heartbeatSeconds = 10;
const retryMs = { low: 100, high: 5_000 } as const;

export class RabbitLink {
  readonly #url: string;
  readonly #purpose: string;
  readonly #log: Log;
  #connection: Connection;
  #isBlocked = false;
  #isAway = false;
  /** The last reason given by RabbitMQ or the network: that a wait was too long explains nothing. */
  #awayWhy = '';
  #stopped = false;

  /** `purpose` is shown in RabbitMQ's list of connections. */
  constructor(url: string, purpose: string, log: Log) {
    this.#url = url;
    this.#purpose = purpose;
    this.#log = log;
    this.#connection = this.#connect();
  }

  get connected(): boolean {
    return this.#connection.ready || this.#isBlocked;
  }

  /** RabbitMQ is short of memory or disk and accepts no more messages for now. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** A separate channel for the caller, which closes on any error. Throws BrokerUnavailable. */
  async channel(prepare: (channel: Channel) => Promise<unknown> = () => Promise.resolve()): Promise<Channel> {
    if (this.#stopped) throw new BrokerUnavailable('the connection to RabbitMQ was stopped');
    const channel = await this.#within(this.#connection.acquire({ emitErrorsFromChannel: true }));
    channel.on('error', (error: Error) => this.#log.debug({ reason: error.message }, 'A RabbitMQ channel was closed'));
    try {
      await this.#within(prepare(channel));
      return channel;
    } catch (failure) {
      closeQuietly(channel);
      throw failure;
    }
  }

  /** Drops the connection and makes a new one: for a connection that no longer responds. */
  reset(): void {
    if (this.#stopped) return;
    const old = this.#connection;
    this.#connection = this.#connect();
    old.unsafeDestroy();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const closing = this.#connection.close().catch(() => undefined);
    if ((await settledWithin(closing, closeTimeoutMs)) === timedOut) this.#connection.unsafeDestroy();
  }

  /** A request that RabbitMQ does not answer is abandoned together with the connection. */
  async #within<T>(answer: Promise<T>): Promise<T> {
    answer.catch(() => undefined);
    let settled: T | typeof timedOut;
    try {
      settled = await settledWithin(answer, answerTimeoutMs);
    } catch (failure) {
      throw new BrokerUnavailable(this.#isAway ? this.#awayWhy : reasonOf(failure as Error), { cause: failure });
    }
    if (settled !== timedOut) return settled;
    if (!this.#isBlocked) this.reset();
    throw new BrokerUnavailable('RabbitMQ does not answer');
  }

  #connect(): Connection {
    this.#isBlocked = false;
    const connection = new Connection({
      url: this.#url,
      connectionName: `coffer ${this.#purpose}`,
      acquireTimeout: acquireTimeoutMs,
      connectionTimeout: answerTimeoutMs,
      heartbeat: heartbeatSeconds,
      retryLow: retryMs.low,
      retryHigh: retryMs.high,
    });
    const isCurrent = () => connection === this.#connection && !this.#stopped;
    connection.on('error', (error: Error) => {
      if (!isCurrent()) return;
      this.#isBlocked = false;
      this.#awayWhy = reasonOf(error);
      if (!this.#isAway) this.#log.warn({ reason: this.#awayWhy, for: this.#purpose }, 'RabbitMQ is unavailable; retrying');
      this.#isAway = true;
    });
    connection.on('connection', () => {
      if (this.#isAway && isCurrent()) this.#log.info({ for: this.#purpose }, 'RabbitMQ is available again');
      this.#isAway = false;
    });
    connection.on('connection.blocked', (reason) => {
      this.#isBlocked = true;
      this.#log.warn({ reason }, 'RabbitMQ blocks publishing; events wait in the log');
    });
    connection.on('connection.unblocked', () => {
      this.#isBlocked = false;
      this.#log.info('RabbitMQ accepts events again');
    });
    return connection;
  }
}

/** The library prefixes RabbitMQ's text with the name of a code, even of codes that it has no name for. */
function reasonOf({ message }: Error): string {
  return hidePasswords(message.replace(/^undefined: /, ''));
}

export const timedOut = Symbol('timed out');

/** The result of the promise, or `timedOut`. */
export async function settledWithin<T>(promise: Promise<T>, timeoutMs: number): Promise<T | typeof timedOut> {
  const { promise: over, resolve } = Promise.withResolvers<typeof timedOut>();
  const timer = setTimeout(() => resolve(timedOut), timeoutMs);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Not awaited: on a hung connection it would never end. */
export function closeQuietly(channel: Channel): void {
  channel.close().catch(() => undefined);
}
