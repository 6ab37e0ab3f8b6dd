/** The AsyncAPI 3.0 document, built from the catalogue of events: the messages that consumers can receive. */
import { productVersion } from '../kernel/index.ts';
import { catalogue, schemaNameOf } from './catalogue.ts';
import { batchContentType, envelopeContentType } from './envelope.ts';

/** Every event of the log is a message here, as far as a queue is bound for it. */
export const eventsExchange = 'wallet.events';
/** Every operation is a message here, with all of its events, as far as a queue is bound for it. */
export const operationsExchange = 'wallet.events.operations';

export function asyncApiDocument(): string {
  return `${JSON.stringify(asyncApi(), null, 2)}\n`;
}

export function asyncApi(): Record<string, unknown> {
  const types = Object.keys(catalogue);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Coffer events', version: productVersion, description, license: { name: 'Apache-2.0' } },
    defaultContentType: envelopeContentType,
    servers: {
      rabbitmq: { host: '{address}', protocol: 'amqp', description: 'RABBITMQ_URL', variables: { address: { default: 'localhost:5672' } } },
    },
    channels: {
      walletEvents: {
        address: 'book.{book}.{type}',
        title: 'Every event of the log',
        description: 'The routing key. Bind `book.*.FundsWithdrawn` for one type, `book.1.#` for one book, `#` for all.',
        parameters: { book, type: { description: 'type of the event', enum: types } },
        messages: Object.fromEntries(types.map((type) => [type, { $ref: `#/components/messages/${type}` }])),
        bindings: bindingsOf(eventsExchange),
      },
      walletOperations: {
        address: 'book.{book}.{type}',
        title: 'Every operation of the log, with all of its events',
        description:
          'The routing key has the type of the first event: bind `book.*.TransferInitiated` for transfers, refused ones included.',
        parameters: { book, type: { description: "type of the operation's first event", enum: types } },
        messages: { Operation: { $ref: '#/components/messages/Operation' } },
        bindings: bindingsOf(operationsExchange),
      },
    },
    operations: {
      receiveWalletEvents: {
        action: 'receive',
        channel: { $ref: '#/channels/walletEvents' },
        summary: 'Events of the ledger, at least once, in the order of each book',
        bindings: { amqp: { ack: true } },
      },
      receiveWalletOperations: {
        action: 'receive',
        channel: { $ref: '#/channels/walletOperations' },
        summary: 'Operations of the ledger, at least once, in the order of each book',
        bindings: { amqp: { ack: true } },
      },
    },
    components: {
      messages: { ...Object.fromEntries(types.map((type) => [type, messageOf(type)])), Operation: operationOf(types) },
      schemas: {
        Envelope: envelopeSchema,
        ...Object.fromEntries(types.map((type) => [schemaNameOf(type), plain(catalogue[type]?.data)])),
      },
    },
  };
}

const book = { description: 'number of the book', default: '1' };

function bindingsOf(exchange: string) {
  return { amqp: { is: 'routingKey', exchange: { name: exchange, type: 'topic', durable: true, autoDelete: false, vhost: '/' } } };
}

const description = `Events of the ledger, as CloudEvents 1.0 in structured JSON. With RabbitMQ, the exchange \`${eventsExchange}\` has a message for each event, \`${operationsExchange}\` a message for each operation, with all of its events in the JSON batch format. Consumers bind their own queues to the one that suits them. Coffer publishes what a queue is bound for.

* **At least once.** An event may be delivered again with the same \`id\`. Without failures, the events of a book arrive in order; after failures they may not: \`sequence\` is the position of each event, \`previous\` the sequence of the one before it.
* **Versions.** The last part of \`type\`. Within a version, fields may be added; ignore unknown ones.
* **Amounts** are strings of minor units.`;

function messageOf(type: string) {
  return {
    name: type,
    title: type,
    summary: catalogue[type]?.summary,
    contentType: envelopeContentType,
    payload: {
      allOf: [
        { $ref: '#/components/schemas/Envelope' },
        {
          type: 'object',
          properties: {
            type: { const: `coffer.wallet.${type}.v${catalogue[type]?.version}` },
            data: { $ref: `#/components/schemas/${schemaNameOf(type)}` },
          },
        },
      ],
    },
  };
}

/** In the order of the log, all of one operation. */
function operationOf(types: readonly string[]) {
  return {
    name: 'Operation',
    title: 'Operation',
    summary: 'all events of an operation, in order; a transfer has four',
    contentType: batchContentType,
    payload: { type: 'array', minItems: 1, items: { anyOf: types.map((type) => ({ $ref: `#/components/messages/${type}/payload` })) } },
  };
}

const sequence = { type: 'string', pattern: '^[0-9]{15}-[0-9]{4}$', examples: ['000000000000042-0001'] };

const envelopeSchema = {
  type: 'object',
  description: 'CloudEvents 1.0, structured JSON',
  required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'sequence', 'partitionkey', 'data'],
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string', description: 'stable: the same event has the same id everywhere', examples: ['1-42-1'] },
    source: { type: 'string', description: 'the book', examples: ['/coffer/books/1'] },
    type: { type: 'string', examples: ['coffer.wallet.FundsDeposited.v1'] },
    subject: { type: 'string', description: 'the wallet that the event is about' },
    time: { type: 'string', format: 'date-time' },
    datacontenttype: { const: 'application/json' },
    dataschema: {
      type: 'string',
      format: 'uri',
      description: 'urn:coffer:schema: and the name of the schema in this document that describes the data',
    },
    sequence: { ...sequence, description: 'position in the log of the book; sorts as a string in log order' },
    partitionkey: { type: 'string', description: 'events with the same key are in order' },
    previous: {
      ...sequence,
      description: 'sequence of the previous event in the book; absent for the first. If you have not seen it, you have a gap',
    },
    data: { type: 'object' },
  },
};

/** The library marks schemas with symbols; a document has only what JSON can represent. */
function plain(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema)) as unknown;
}
