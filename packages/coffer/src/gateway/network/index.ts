// Listening and addresses: taken ports, TLS files, trusted proxies.
export { addressIn, isInRanges, isRange, isWithinRanges, networkKeyOf } from './addresses.ts';
export type { Network } from './addresses.ts';
export { listenFailure, refuseTakenPorts } from './listen.ts';
export type { Listener } from './listen.ts';
export { readTls, tlsLimits, trustOf } from './tls.ts';
export type { Tls } from './tls.ts';
