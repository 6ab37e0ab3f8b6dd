/**
 * What the relay publishes of a stretch of a book's log: an announcement for Coffer's worker, and for other consumers a message for
 * each event and one for each operation, as far as a queue is bound for it.
 */
import type { LedgerEvent } from '../../ledger/index.ts';
import { openedEvents } from '../../metadata/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { eventsExchange, operationsExchange } from '../asyncapi.ts';
import type { Delivery, Place } from '../broker.ts';
import { announcementOf, batchContentType, envelopeContentType, envelopeOf } from '../envelope.ts';
import type { Message, Published } from './publisher.ts';
import { routingKeyOf, workerExchange } from './topology.ts';

/** A message for consumers that is not built yet. */
type Draft = Pick<Message, 'exchange' | 'routingKey' | 'messageId'> & {
  readonly deliveries: readonly Delivery[];
  /** The last event before its operation: the position can move here if the message is not safe, and those before it are. */
  readonly before: Place;
};

/**
 * Which routing keys have no queue. An exchange without a matching queue drops what it gets, so nothing is lost if it gets less. Of
 * each such key one message of each window is published nevertheless: RabbitMQ returns it as long as no queue is bound.
 */
export class Audience {
  readonly #unbound = new Set<string>();

  /** Without the messages that no queue would get, except for the first of each key. */
  of<D extends Pick<Draft, 'exchange' | 'routingKey'>>(drafts: readonly D[]): D[] {
    const probed = new Set<string>();
    return drafts.filter((draft) => {
      const key = keyOf(draft);
      if (!this.#unbound.has(key)) return true;
      if (probed.has(key)) return false;
      probed.add(key);
      return true;
    });
  }

  /** True if a queue has been bound for a key whose messages were left out. */
  learn(drafts: readonly Pick<Draft, 'exchange' | 'routingKey'>[], published: readonly Published[]): boolean {
    let isMissed = false;
    const unrouted = new Set<string>();
    for (const [at, draft] of drafts.entries()) {
      const key = keyOf(draft);
      if (published[at] === 'unrouted') unrouted.add(key);
      else if (published[at] === 'safe' && this.#unbound.delete(key)) isMissed = true;
    }
    for (const key of unrouted) this.#unbound.add(key);
    return isMissed;
  }
}

function keyOf({ exchange, routingKey }: Pick<Draft, 'exchange' | 'routingKey'>): string {
  return `${exchange} ${routingKey}`;
}

/** Whole operations: of each, its events one by one, and then all of them. */
export function draftsOf(events: readonly LedgerEvent[], after: Place): Draft[] {
  const drafts: Draft[] = [];
  let operation: Delivery[] = [];
  let [previous, before] = [after, after];
  for (const [at, event] of events.entries()) {
    const delivery = { event, previous: placeOf(previous) };
    operation.push(delivery);
    drafts.push({ exchange: eventsExchange, routingKey: routingKeyOf(event), messageId: event.id, deliveries: [delivery], before });
    previous = event;
    if (events[at + 1]?.seq === event.seq) continue;
    const { book, seq } = event;
    const { type } = operation[0]?.event ?? event;
    drafts.push({
      exchange: operationsExchange,
      routingKey: routingKeyOf({ book, type }),
      messageId: `${book}-${seq}`,
      deliveries: operation,
      before,
    });
    operation = [];
    before = event;
  }
  return drafts;
}

/** `events`: all after the position, at least one. Only their position is announced: the worker reads them from the log. */
export function announcing(events: readonly LedgerEvent[], after: Place, last: LedgerEvent): Message {
  const delivery = { event: last, previous: placeOf(events.at(-2) ?? after) };
  return {
    exchange: workerExchange,
    routingKey: '',
    messageId: `${last.id} and before`,
    contentType: envelopeContentType,
    body: Buffer.from(JSON.stringify(announcementOf(delivery, { after, count: events.length }))),
    isOwn: true,
  };
}

/** What leaves for consumers can be read there: its metadata is opened. */
export async function writtenOut(drafts: readonly Draft[], metadata: MetadataVault): Promise<Message[]> {
  const events = new Map(drafts.flatMap(({ deliveries }) => deliveries.map(({ event }) => [event.id, event])));
  const opened = new Map((await openedEvents(metadata, [...events.values()])).map((event) => [event.id, event]));
  return drafts.map(({ exchange, routingKey, messageId, deliveries }) => {
    const envelopes = deliveries.map(({ event, previous }) => envelopeOf({ event: opened.get(event.id) ?? event, previous }));
    const isBatch = exchange === operationsExchange;
    return {
      exchange,
      routingKey,
      messageId,
      contentType: isBatch ? batchContentType : envelopeContentType,
      body: Buffer.from(JSON.stringify(isBatch ? envelopes : envelopes[0])),
      isOwn: false,
    };
  });
}

function placeOf({ seq, part }: Place): Place | null {
  return seq === 0 ? null : { seq, part };
}
