/** Builds what the relay publishes of a stretch of a book's log: an announcement for Coffer's worker, and messages for other consumers. */
import type { LedgerEvent } from '../../ledger/index.ts';
import { openedEvents } from '../../metadata/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { eventsExchange, operationsExchange } from '../asyncapi.ts';
import type { Delivery, Place } from '../broker.ts';
import type { Span } from '../claims.ts';
import { announcementOf, batchContentType, envelopeContentType, envelopeOf } from '../envelope.ts';
import type { Message } from './publisher.ts';
import { routingKeyOf, workerExchange } from './topology.ts';

/** An entry with its events, at least one. */
export type Operation = { readonly seq: number; readonly shape: string; readonly deliveries: readonly [Delivery, ...Delivery[]] };

/** A message for consumers that is not written out yet. */
export type Draft = Pick<Message, 'exchange' | 'routingKey' | 'messageId'> & {
  readonly shape: string;
  readonly deliveries: readonly Delivery[];
};

/** Of each operation, its events one by one, and then all of them. */
export function draftsOf(operations: readonly Operation[]): Draft[] {
  return operations.flatMap(({ seq, shape, deliveries }): Draft[] => {
    const { book, type } = deliveries[0].event;
    const whole = {
      exchange: operationsExchange,
      routingKey: routingKeyOf({ book, type }),
      messageId: `${book}-${seq}`,
      shape,
      deliveries,
    };
    const each = deliveries.map((delivery) => {
      return {
        exchange: eventsExchange,
        routingKey: routingKeyOf(delivery.event),
        messageId: delivery.event.id,
        shape,
        deliveries: [delivery],
      };
    });
    return [...each, whole];
  });
}

/** The worker reads the events from the log: only their positions are announced. */
export function announcing(last: Delivery, span: Span): Message {
  return {
    exchange: workerExchange,
    routingKey: '',
    messageId: `${last.event.id} and before`,
    contentType: envelopeContentType,
    body: Buffer.from(JSON.stringify(announcementOf(last, span))),
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

/** Groups the events after a position by their entry; `null` for an operation whose previous event is not among them. */
export function operationsOf(
  entries: readonly { readonly seq: number; readonly shape: string }[],
  events: readonly LedgerEvent[],
  { after, isComplete }: { readonly after: Place; readonly isComplete: boolean },
): Map<number, Operation | null> {
  const ofEntry = Map.groupBy(events, ({ seq }) => seq);
  const operations = new Map<number, Operation | null>();
  // Undefined: there may be an event that was not read.
  let previous: Place | undefined = after;
  for (const { seq, shape } of entries) {
    const own = ofEntry.get(seq);
    if (!own) {
      if (!isComplete) previous = undefined;
      continue;
    }
    const before = previous;
    const [first, ...rest] = own.map((event, at): Delivery => ({ event, previous: placeOf(own[at - 1] ?? before ?? beginning) }));
    operations.set(seq, first && before ? { seq, shape, deliveries: [first, ...rest] } : null);
    previous = own.at(-1);
  }
  return operations;
}

const beginning: Place = { seq: 0, part: 0 };

function placeOf({ seq, part }: Place): Place | null {
  return seq === 0 ? null : { seq, part };
}
