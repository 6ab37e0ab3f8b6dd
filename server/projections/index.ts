// Projections: what is derived from the event log and kept beside it, each event applied exactly once, in order, and rebuilt at will.
export { isSetAside } from './marks.ts';
export type { Projection } from './projection.ts';
export { Projector } from './projector.ts';
export type { ProjectorOptions } from './projector.ts';
export { rebuild } from './rebuild.ts';
export type { Rebuilt, RebuildProgress } from './rebuild.ts';
export { projectionStatus } from './status.ts';
export type { ProjectionStatus } from './status.ts';
