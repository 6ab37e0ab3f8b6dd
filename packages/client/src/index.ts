// A typed client of Coffer's REST API, for any program that has fetch; it imports only its own files.
export { Calls as Coffer } from './generated/calls.ts';
export type { Answered, CallOptions, CofferOptions } from './caller.ts';
export { CofferRefused, CofferUnavailable } from './errors.ts';
export type { Outcome, ProblemDocument } from './errors.ts';
export { newKey } from './keys.ts';
export type { LiveEvent, LiveEventsInput } from './live.ts';
export type { EventDataByType, EventType } from './generated/events.ts';
export type * from './generated/types.ts';
