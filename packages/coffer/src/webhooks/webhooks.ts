/** The operations on webhooks. */
import type pg from 'pg';
import { isUuid, newId } from '../kernel/index.ts';
import type { Ledger } from '../ledger/index.ts';
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
    const endpoint = await insertEndpoint(this.#pool, { ...input, id: newId(), secret, begins }, endpointsMax);
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
    const updated = await updateEndpoint(this.#pool, id, changes);
    return updated ?? noWebhook;
  }

  /** With its pending deliveries and its log. */
  async remove(id: string): Promise<Endpoint | WebhookRefusal> {
    return (isUuid(id) ? await deleteEndpoint(this.#pool, id) : null) ?? noWebhook;
  }

  /** For a day the previous secret also signs. */
  async rotate(id: string): Promise<EndpointWithSecret | WebhookRefusal> {
    const secret = newSecret();
    const endpoint = isUuid(id) ? await replaceSecret(this.#pool, id, secret, overlapMs) : null;
    return endpoint ? { endpoint, secret } : noWebhook;
  }

  /** Sends a test event, regardless of the endpoint's filter. */
  async test(id: string): Promise<DeliveryRead | WebhookRefusal> {
    const message = `test-${newId()}`;
    const sent = isUuid(id) ? await insertTest(this.#pool, id, message, testType, testBody(message, new Date())) : null;
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
    return (isUuid(id) ? await findDelivery(this.#pool, id, delivery) : null) ?? noDelivery;
  }

  async replay(id: string, delivery: number): Promise<DeliveryRead | WebhookRefusal> {
    const replayed = isUuid(id) ? await replayDelivery(this.#pool, id, delivery) : null;
    return replayed ?? noDelivery;
  }

  /** All of one status since a time, oldest first, at most `replayedMax`; returns how many. */
  async replaySince(id: string, since: Date, status: 'failed' | 'delivered'): Promise<number | WebhookRefusal> {
    if ('refusal' in (await this.find(id))) return noWebhook;
    const replayed = await replaySince(this.#pool, id, since, status, replayedMax);
    return replayed;
  }

  async #refusedUrl(url: string): Promise<WebhookRefusal | null> {
    const why = await whyNotCalled(url, this.#options.allowPrivate);
    return why === null ? null : { refusal: 'webhook_url_refused', why };
  }
}
