/** The words of webhooks. */

export type EndpointStatus = 'enabled' | 'disabled';

/** What an endpoint is told: events of these types (`*`: of all), about this wallet, or about this owner's wallets. */
export type EventFilter = {
  readonly types: readonly string[];
  readonly wallet: string | null;
  readonly owner: string | null;
};

export type Endpoint = EventFilter & {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly status: EndpointStatus;
  readonly disabledWhy: string | null;
  /** Until when the secret before the last rotation signs, too. */
  readonly previousExpiresAt: Date | null;
  readonly failingSince: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export type NewEndpoint = Pick<Endpoint, 'url' | 'description' | 'types' | 'wallet' | 'owner' | 'createdBy'>;
export type EndpointChanges = Partial<Pick<Endpoint, 'url' | 'description' | 'types' | 'wallet' | 'owner' | 'status'>>;

/** `pending`: to be sent, or sent again. `failed`: given up, until somebody replays it. */
export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export type DeliveryRead = {
  readonly id: number;
  /** The `webhook-id`: the event's id, or a test's. */
  readonly message: string;
  readonly type: string;
  readonly wallet: string | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** When it is tried next; null when nothing is left to do. */
  readonly dueAt: Date | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
};

export type Attempt = {
  readonly number: number;
  readonly endedAt: Date;
  /** Null when there was no answer: `why` says it. */
  readonly httpStatus: number | null;
  readonly elapsedMs: number;
  /** The beginning of the answer's body. */
  readonly answer: string | null;
  readonly why: string | null;
};

export type WebhookRefusal =
  | { readonly refusal: 'webhook_not_found' }
  | { readonly refusal: 'delivery_not_found' }
  /** The address must not be called; `why` continues "The address cannot be taken: …". */
  | { readonly refusal: 'webhook_url_refused'; readonly why: string }
  | { readonly refusal: 'too_many_webhooks'; readonly most: number };
