// Webhooks: sends the ledger's events to customers' addresses, at least once each, signed. It owns the schema `webhooks`.
export { urlLengthMax } from '../outbound/index.ts';
export { Dispatcher } from './dispatcher.ts';
export type { DispatcherOptions } from './dispatcher.ts';
export { webhookProjection } from './projection.ts';
export { deliveryStatuses } from './types.ts';
export type { Attempt, DeliveryRead, Endpoint, WebhookRefusal } from './types.ts';
export { replayedMax, Webhooks } from './webhooks.ts';
export type { EndpointWithSecret, WebhooksOptions } from './webhooks.ts';
