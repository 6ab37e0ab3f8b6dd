// The transports: gRPC and HTTP, each with its own mapping of refusals, and no rules of their own.
export * from './access/index.ts';
export * from './grpc/index.ts';
export * from './http/index.ts';
export * from './problems/index.ts';
export type { Observation } from './observation.ts';
