// Where Coffer listens and whom it believes about addresses: taken ports, TLS files, proxies in front.
export { addressIn } from './addresses.ts';
export type { Network } from './addresses.ts';
export { listenFailure, refuseTakenPorts } from './listen.ts';
export type { Listener } from './listen.ts';
export { readTls, trustOf } from './tls.ts';
export type { Tls } from './tls.ts';
