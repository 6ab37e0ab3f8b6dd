// Outbound: calls to addresses that somebody else chose, signed, bounded, and never to where they must not go.
export type { Called, CallOptions } from './call.ts';
