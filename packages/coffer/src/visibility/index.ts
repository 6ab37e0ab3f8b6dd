// Visibility: the parts of an entry or an event that a reader may see. Pure, and the only redaction: REST, gRPC, live events and webhooks
// call it.
export { visibleRefusal } from './refusals.ts';
export type { VisibleRefusal } from './refusals.ts';
export { decisionIn, visibleEntry, visibleSide } from './entries.ts';
export type { VisibleEntry, VisibleSide } from './entries.ts';
export { visibleEvent } from './events.ts';
