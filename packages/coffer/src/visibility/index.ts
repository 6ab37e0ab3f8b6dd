// Visibility: the parts of an entry or an event that a reader may see; pure, and the only redaction for REST, gRPC, events and webhooks.
export { visibleRefusal } from './refusals.ts';
export type { AssetNames, VisibleRefusal } from './refusals.ts';
export { decisionIn, visibleEntry, visibleRecipient, visibleSide } from './entries.ts';
export type { VisibleEntry, VisibleSide } from './entries.ts';
export { visibleTo } from './parties.ts';
export { visibleEvent } from './events.ts';
