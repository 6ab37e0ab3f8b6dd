/** Webhooks and their deliveries as answers, and the problems of refused webhook operations. */
import { Timestamp, oneOf, orNull, ref, strict } from '../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import { deliveryStatuses } from '../../webhooks/index.ts';
import type { Attempt, DeliveryRead, Endpoint, WebhookRefusal } from '../../webhooks/index.ts';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';

export const WebhookView = Type.Object(
  {
    id: Type.String(),
    url: Type.String(),
    description: Type.String(),
    types: Type.Array(Type.String(), { description: 'event types; * means all' }),
    walletId: orNull(Type.String({ description: 'only events about this wallet' })),
    ownerId: orNull(Type.String({ description: 'only events about wallets of this user' })),
    status: oneOf('enabled', 'disabled'),
    disabledReason: orNull(Type.String()),
    previousSecretExpiresAt: orNull(Timestamp),
    failingSince: orNull(Type.String({ format: 'date-time', description: 'all calls have failed since then; null while calls succeed' })),
    createdBy: Type.String(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'Webhook', ...strict },
);
export const NewWebhookView = Type.Object(
  { webhook: ref(WebhookView), secret: Type.String({ description: 'verifies its calls; it is shown only this once' }) },
  { $id: 'NewWebhook', ...strict },
);
export const DeliveryView = Type.Object(
  {
    id: Type.String(),
    messageId: Type.String({ description: 'the webhook-id of every call: the id of the event', examples: ['1-42-1'] }),
    type: Type.String({ examples: ['FundsDeposited'] }),
    walletId: orNull(Type.String()),
    status: Type.Unsafe<(typeof deliveryStatuses)[number]>({
      type: 'string',
      enum: [...deliveryStatuses],
      description: 'pending: waiting for a call or a retry; failed: given up until it is replayed',
    }),
    attempts: Type.Integer({ description: 'number of calls started' }),
    nextAttemptAt: orNull(Timestamp),
    createdAt: Timestamp,
    finishedAt: orNull(Timestamp),
  },
  { $id: 'WebhookDelivery', ...strict },
);
const AttemptView = Type.Object(
  {
    number: Type.Integer(),
    endedAt: Timestamp,
    httpStatus: orNull(Type.Integer()),
    elapsedMs: Type.Integer(),
    answer: orNull(Type.String({ description: "the beginning of the answer's body" })),
    failure: orNull(Type.String({ description: 'why there was no answer' })),
  },
  { $id: 'WebhookAttempt', ...strict },
);
export const DeliveryWithAttempts = Type.Object(
  {
    delivery: ref(DeliveryView),
    body: Type.String({ description: 'the exact body that is sent' }),
    attempts: Type.Array(ref(AttemptView)),
  },
  { $id: 'WebhookDeliveryWithAttempts', ...strict },
);
export const webhookSchemas = [WebhookView, NewWebhookView, DeliveryView, AttemptView, DeliveryWithAttempts];

export function presentWebhook({ wallet, owner, types, ...webhook }: Endpoint): Static<typeof WebhookView> {
  return {
    id: webhook.id,
    url: webhook.url,
    description: webhook.description,
    types: [...types],
    walletId: wallet,
    ownerId: owner,
    status: webhook.status,
    disabledReason: webhook.disabledWhy,
    previousSecretExpiresAt: webhook.previousExpiresAt?.toISOString() ?? null,
    failingSince: webhook.failingSince?.toISOString() ?? null,
    createdBy: webhook.createdBy,
    createdAt: webhook.createdAt.toISOString(),
    updatedAt: webhook.updatedAt.toISOString(),
  };
}

export function presentDelivery(delivery: DeliveryRead): Static<typeof DeliveryView> {
  return {
    id: String(delivery.id),
    messageId: delivery.message,
    type: delivery.type,
    walletId: delivery.wallet,
    status: delivery.status,
    attempts: delivery.attempts,
    nextAttemptAt: delivery.dueAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
    finishedAt: delivery.finishedAt?.toISOString() ?? null,
  };
}

export function presentAttempt({ number, endedAt, httpStatus, elapsedMs, answer, why }: Attempt): Static<typeof AttemptView> {
  return { number, endedAt: endedAt.toISOString(), httpStatus, elapsedMs, answer, failure: why };
}

export function webhookProblem(refused: WebhookRefusal): Problem {
  switch (refused.refusal) {
    case 'webhook_url_refused':
      return problem(refused.refusal, { facts: { why: refused.why } });
    case 'too_many_webhooks':
      return problem(refused.refusal, { facts: { most: String(refused.most) } });
    default:
      return problem(refused.refusal);
  }
}
