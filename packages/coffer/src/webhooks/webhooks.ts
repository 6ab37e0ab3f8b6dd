/** The operations on webhooks. */
import type pg from 'pg';
import { inRecordedChange } from '../audit/index.ts';
import { isUuid, newId } from '../kernel/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { openedBody, plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { newSecret, whyNotCalled } from '../outbound/index.ts';
import { testBody, testType } from './body.ts';
import { findDelivery, insertTest, listDeliveries, replayDelivery, replaySince } from './delivery-store.ts';
import { deleteEndpoint, findEndpoint, insertEndpoint, listEndpoints, replaceSecret, updateEndpoint } from './endpoint-store.ts';
import type { Attempt, DeliveryRead, DeliveryStatus, Endpoint, EndpointChanges, NewEndpoint, WebhookRefusal } from './types.ts';

export type WebhooksOptions = {
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'books' | 'read'>;
  /** Whether private addresses and http are allowed. */
  readonly allowPrivate: boolean;
  readonly metadata?: MetadataVault | undefined;
};

export type EndpointWithSecret = { readonly endpoint: Endpoint; readonly secret: string };
type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** Limited because each event is checked against all of them. */
const endpointsMax = 1_000;
const overlapMs = 24 * 3_600_000;
/** Maximum number of deliveries replayed by one request. */
export const replayedMax = 10_000;

const noWebhook: WebhookRefusal = { refusal: 'webhook_not_found' };
const noDelivery: WebhookRefusal = { refusal: 'delivery_not_found' };

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #pool: pg.Pool;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#pool = options.pool;
  }

  /** Applies to events posted after the answer. The secret is shown only this once. */
  async create(input: NewEndpoint): Promise<EndpointWithSecret | WebhookRefusal> {
    const refused = await this.#refusedUrl(input.url);
    if (refused) return refused;
    const { books, read } = this.#options.ledger;
    const begins = await Promise.all(books.map((book) => read.in({ book }).lastSeq()));
    const secret = newSecret();
    const endpoint = await inRecordedChange(
      this.#pool,
      async (client) => await insertEndpoint(client, { ...input, id: newId(), secret, begins }, endpointsMax),
      (made) => made && { kind: 'webhooks.create', subject: made.id, after: configurationOf(made) },
    );
    return endpoint ? { endpoint, secret } : { refusal: 'too_many_webhooks', most: endpointsMax };
  }

  /** Newest first. */
  async list(limit: number, cursor?: string): Promise<Page<Endpoint>> {
    const rows = await listEndpoints(this.#pool, limit + 1, cursor);
    const items = rows.slice(0, limit);
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async find(id: string): Promise<Endpoint | WebhookRefusal> {
    return (isUuid(id) ? await findEndpoint(this.#pool, id) : null) ?? noWebhook;
  }

  /**
   * While it is disabled, pending deliveries wait until it is enabled again; events that occur in the meantime are not delivered.
   */
  async update(id: string, changes: EndpointChanges): Promise<Endpoint | WebhookRefusal> {
    if (!isUuid(id)) return noWebhook;
    const refused = changes.url === undefined ? null : await this.#refusedUrl(changes.url);
    if (refused) return refused;
    const { after } = await inRecordedChange(
      this.#pool,
      async (client) => ({ before: await findEndpoint(client, id), after: await updateEndpoint(client, id, changes) }),
      (found) =>
        found.before &&
        found.after && {
          kind: 'webhooks.update',
          subject: id,
          before: configurationOf(found.before),
          after: configurationOf(found.after),
        },
    );
    return after ?? noWebhook;
  }

  /** With its pending deliveries and its log. */
  async remove(id: string): Promise<Endpoint | WebhookRefusal> {
    if (!isUuid(id)) return noWebhook;
    const removed = await inRecordedChange(
      this.#pool,
      async (client) => await deleteEndpoint(client, id),
      (found) => found && { kind: 'webhooks.delete', subject: id, before: configurationOf(found) },
    );
    return removed ?? noWebhook;
  }

  /** For a day the previous secret also signs. */
  async rotate(id: string): Promise<EndpointWithSecret | WebhookRefusal> {
    const secret = newSecret();
    if (!isUuid(id)) return noWebhook;
    const endpoint = await inRecordedChange(
      this.#pool,
      async (client) => await replaceSecret(client, id, secret, overlapMs),
      (found) => found && { kind: 'webhooks.rotate', subject: id },
    );
    return endpoint ? { endpoint, secret } : noWebhook;
  }

  /** Sends a test event, regardless of the endpoint's filter. */
  async test(id: string): Promise<DeliveryRead | WebhookRefusal> {
    const message = `test-${newId()}`;
    if (!isUuid(id)) return noWebhook;
    const sent = await inRecordedChange(
      this.#pool,
      async (client) => await insertTest(client, id, message, testType, testBody(message, new Date())),
      (found) => found && { kind: 'webhooks.test', subject: id },
    );
    return sent ?? noWebhook;
  }

  /** Newest first. */
  async deliveries(
    id: string,
    input: { readonly limit: number; readonly cursor?: string | undefined; readonly status?: DeliveryStatus | undefined },
  ): Promise<Page<DeliveryRead> | WebhookRefusal> {
    if ('refusal' in (await this.find(id))) return noWebhook;
    const { limit, cursor, status } = input;
    const before = cursor === undefined ? undefined : Number(cursor);
    const rows = await listDeliveries(this.#pool, id, { limit: limit + 1, before, status });
    const items = rows.slice(0, limit);
    return { items, next: rows.length > limit ? String(items.at(-1)?.id) : null };
  }

  async delivery(
    id: string,
    delivery: number,
  ): Promise<{ readonly delivery: DeliveryRead; readonly body: string; readonly attempts: readonly Attempt[] } | WebhookRefusal> {
    const found = isUuid(id) ? await findDelivery(this.#pool, id, delivery) : null;
    if (!found) return noDelivery;
    return { ...found, body: await openedBody(this.#options.metadata ?? plainMetadata, found.body) };
  }

  async replay(id: string, delivery: number): Promise<DeliveryRead | WebhookRefusal> {
    if (!isUuid(id)) return noDelivery;
    const replayed = await inRecordedChange(
      this.#pool,
      async (client) => await replayDelivery(client, id, delivery),
      (found) => found && { kind: 'webhooks.replay', subject: id, after: { delivery } },
    );
    return replayed ?? noDelivery;
  }

  /** All of one status since a time, oldest first, at most `replayedMax`; returns how many. */
  async replaySince(id: string, since: Date, status: 'failed' | 'delivered'): Promise<number | WebhookRefusal> {
    if ('refusal' in (await this.find(id))) return noWebhook;
    return await inRecordedChange(
      this.#pool,
      async (client) => await replaySince(client, id, since, status, replayedMax),
      (deliveries) => (deliveries > 0 ? { kind: 'webhooks.replay', subject: id, after: { since, status, deliveries } } : null),
    );
  }

  async #refusedUrl(url: string): Promise<WebhookRefusal | null> {
    const why = await whyNotCalled(url, this.#options.allowPrivate);
    return why === null ? null : { refusal: 'webhook_url_refused', why };
  }
}

/** What staff set, for the record of a change. */
function configurationOf({ url, description, types, wallet, owner, status }: Endpoint): object {
  return { url, description, types, wallet, owner, status };
}
