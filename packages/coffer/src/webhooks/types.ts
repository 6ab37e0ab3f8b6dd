/** The types of webhooks. */

export type EndpointStatus = 'enabled' | 'disabled';

/** The filter of an endpoint: events of these types (`*`: all), about this wallet, or about this owner's wallets. */
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
  /** Until when the previous secret also signs. */
  readonly previousExpiresAt: Date | null;
  readonly failingSince: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export type NewEndpoint = Pick<Endpoint, 'url' | 'description' | 'types' | 'wallet' | 'owner' | 'createdBy'>;
export type EndpointChanges = Partial<Pick<Endpoint, 'url' | 'description' | 'types' | 'wallet' | 'owner' | 'status'>>;

/** `pending`: waiting for a call or a retry. `failed`: given up until it is replayed. */
export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export type DeliveryRead = {
  readonly id: number;
  /** The `webhook-id`: the id of the event, or of the test. */
  readonly message: string;
  readonly type: string;
  readonly wallet: string | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** The time of the next call; null if there is none. */
  readonly dueAt: Date | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
};

export type Attempt = {
  readonly number: number;
  readonly endedAt: Date;
  /** Null if there was no answer: `why` has the reason. */
  readonly httpStatus: number | null;
  readonly elapsedMs: number;
  /** The beginning of the answer's body. */
  readonly answer: string | null;
  readonly why: string | null;
};

export type WebhookRefusal =
  | { readonly refusal: 'webhook_not_found' }
  | { readonly refusal: 'delivery_not_found' }
  /** The address must not be called; `why` continues "The address cannot be used: …". */
  | { readonly refusal: 'webhook_url_refused'; readonly why: string }
  | { readonly refusal: 'too_many_webhooks'; readonly most: number };
