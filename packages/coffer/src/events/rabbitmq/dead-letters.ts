/**
 * Dead letters in RabbitMQ: a queue without a consumer. Reading takes each message without acknowledging it, and returns all of
 * them, so that nothing is lost on any failure; one process reads at a time, so that none sees a half-taken queue.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { SyncMessage } from 'rabbitmq-client';
import { recordChange } from '../../audit/index.ts';
import { inTransaction } from '../../database/index.ts';
import { openedBody, plainMetadata } from '../../metadata/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { BrokerUnavailable, deliveriesMax } from '../broker.ts';
import type { DeadLetter, DeadLetters } from '../broker.ts';
import { hintsOf } from '../envelope.ts';
import { Semaphore } from '../semaphore.ts';
import { settlement } from '../settlement.ts';
import { closeQuietly } from './link.ts';
import type { RabbitLink } from './link.ts';
import { bytesOf, deathOf } from './messages.ts';
import type { Publisher } from './publisher.ts';
import { deadQueue, declareTopology, workerExchange } from './topology.ts';

/**
 * The maximum number of letters that a read goes through: beyond the first ten thousand, a single one is neither listed nor
 * found. Replaying or dropping all of them has no such limit.
 */
const lookedAtMax = 10_000;
/** How much of a message is shown. */
const bodyCharactersMax = 65_536;
const lookLock = 0x0c0ffe22;
const turnWaitsMs = 15_000;

export type DeadLetterOptions = {
  readonly link: RabbitLink;
  /** Its own publisher: windows of one publisher run one after the other. */
  readonly publisher: Publisher;
  readonly pool: pg.Pool;
  /** Letters are as the log has their events; their metadata is opened when they are read. */
  readonly metadata?: MetadataVault | undefined;
};

/** What to do with a letter that was read. */
type Fate = 'kept' | 'gone';

export function rabbitDeadLetters({ link, publisher, pool, metadata = plainMetadata }: DeadLetterOptions): DeadLetters {
  // A caller that waits for a RabbitMQ that does not answer holds a database connection: at most one per process.
  const semaphore = new Semaphore(1);
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => await takeTurn(semaphore, () => alone(pool, work));
  const look = async (visit: (letter: DeadLetter, message: SyncMessage) => Fate | Promise<Fate>, most = lookedAtMax) =>
    await inTurn(() => walk(link, visit, most));

  const letters = async (): Promise<DeadLetter[]> => {
    const found: DeadLetter[] = [];
    await look((letter) => {
      found.push(letter);
      return 'kept';
    });
    // Returned letters keep their order, but go before those that have died since: order by time in seconds, then by queue order.
    return found.toSorted((a, b) => (a.diedAt?.getTime() ?? 0) - (b.diedAt?.getTime() ?? 0));
  };
  const opened = async (letter: DeadLetter) => ({ ...letter, body: await openedBody(metadata, letter.body) });
  const settle = async (
    verb: 'replay' | 'drop',
    ids: readonly string[] | 'all',
    settleOne: (message: SyncMessage) => Promise<unknown>,
  ): Promise<number> => {
    const wanted = ids === 'all' ? null : new Set(ids);
    let settled = 0;
    const visit = async (letter: DeadLetter, message: SyncMessage): Promise<Fate> => {
      if (wanted && !wanted.has(letter.id)) return 'kept';
      await settleOne(message);
      settled++;
      return 'gone';
    };
    await look(visit, wanted ? lookedAtMax : Number.MAX_SAFE_INTEGER);
    // RabbitMQ takes no part in a transaction; the record follows.
    const change = settlement(verb, ids, settled);
    if (change) await recordChange(pool, change);
    return settled;
  };
  return {
    list: async ({ limit, after }) => {
      const all = await letters();
      const from = after === undefined ? 0 : all.findLastIndex(({ id }) => id === after) + 1;
      return after !== undefined && from === 0 ? [] : await Promise.all(all.slice(from, from + limit).map(opened));
    },
    count: async () => await inTurn(() => countOf(link)),
    find: async (id) => {
      const found = (await letters()).find((letter) => letter.id === id);
      return found ? await opened(found) : null;
    },
    replay: async (ids) => await settle('replay', ids, (message) => deliverAgain(publisher, message)),
    drop: async (ids) => await settle('drop', ids, () => Promise.resolve()),
  };
}

async function walk(
  link: RabbitLink,
  visit: (letter: DeadLetter, message: SyncMessage) => Fate | Promise<Fate>,
  most: number,
): Promise<void> {
  const channel = await link.channel(declareTopology);
  try {
    const { messageCount } = await channel.queueDeclare({ queue: deadQueue, passive: true });
    let lastUnsettled: number | null = null;
    for (let seen = 0; seen < Math.min(messageCount, most); seen++) {
      const message = await channel.basicGet({ queue: deadQueue });
      if (!message) break;
      const fate = await visit(letterOf(message), message);
      if (fate === 'gone') channel.basicAck({ deliveryTag: message.deliveryTag });
      else lastUnsettled = message.deliveryTag;
    }
    if (lastUnsettled !== null) channel.basicNack({ deliveryTag: lastUnsettled, multiple: true, requeue: true });
    await channel.close();
  } catch (failure) {
    // Unsettled letters return to the queue when the channel closes.
    closeQuietly(channel);
    if (failure instanceof BrokerUnavailable) throw failure;
    throw new BrokerUnavailable('RabbitMQ became unavailable while its dead letters were read', { cause: failure });
  }
}

async function countOf(link: RabbitLink): Promise<number> {
  let count = 0;
  const channel = await link.channel(async (opened) => {
    await declareTopology(opened);
    count = (await opened.queueDeclare({ queue: deadQueue, passive: true })).messageCount;
  });
  closeQuietly(channel);
  return count;
}

/**
 * Publishes it to the worker's queue, with the same body and a fresh delivery count. Only then is it removed from the dead letters.
 */
async function deliverAgain(publisher: Publisher, message: SyncMessage): Promise<void> {
  const [published] = await publisher.publish([
    {
      exchange: workerExchange,
      routingKey: '',
      messageId: message.messageId ?? 'a replayed message',
      contentType: message.contentType ?? 'application/octet-stream',
      body: bytesOf(message),
      isOwn: true,
    },
  ]);
  if (published !== 'safe')
    throw new BrokerUnavailable('RabbitMQ did not confirm the replay; what was not confirmed is still a dead letter');
}

function letterOf(message: SyncMessage): DeadLetter {
  const bytes = bytesOf(message);
  const body = bytes.toString('utf8', 0, bodyCharactersMax);
  const death = deathOf(message);
  return {
    // The same message has the same id at every read; RabbitMQ does not assign one.
    id: createHash('sha256')
      .update(message.messageId ?? '')
      .update(bytes)
      .digest('hex')
      .slice(0, 24),
    body,
    ...(bytes.length > bodyCharactersMax ? { eventId: null, eventType: null, wallet: null } : hintsOf(body)),
    reason: reasonOf(death.reason),
    deliveries: death.reason === null ? 0 : deliveriesMax,
    diedAt: death.at,
  };
}

function reasonOf(reason: string | null): string | null {
  if (reason === 'rejected') return `failed ${deliveriesMax} times`;
  return reason === 'delivery_limit' ? 'repeatedly crashed its worker' : reason;
}

/** One after the other in this process; a caller that has waited too long is refused, and reads nothing. */
async function takeTurn<T>(semaphore: Semaphore, work: () => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let state: 'waits' | 'works' | 'gone' = 'waits';
  const timer = setTimeout(() => {
    if (state !== 'waits') return;
    state = 'gone';
    reject(new BrokerUnavailable('other reads of the dead letters took too long'));
  }, turnWaitsMs);
  const passing = semaphore.pass(async () => {
    if (state === 'gone') return;
    state = 'works';
    resolve(await work());
  });
  passing.catch(reject).finally(() => clearTimeout(timer));
  return await promise;
}

/** One at a time across processes. The lock ends with its connection. */
async function alone<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const settings = "set local lock_timeout = '15s'; set local idle_in_transaction_session_timeout = 0";
  return await inTransaction(
    pool,
    async (client) => {
      await client.query(`select pg_advisory_xact_lock(${lookLock})`);
      return await work();
    },
    { settings },
  );
}
