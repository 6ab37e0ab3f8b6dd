// The transports: gRPC and HTTP, each with its own mapping of refusals, and no rules of their own.
export * from './access/index.ts';
export * from './grpc/index.ts';
export * from './http/index.ts';
export * from './problems/index.ts';
export { accepted, holdStateIn, operationFilterIn, walletFilterIn } from './finding.ts';
export { search } from './searching.ts';
export type { Match } from './searching.ts';
export type { Observation } from './observation.ts';
