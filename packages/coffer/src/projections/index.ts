// Projections: data derived from the event log, each event applied exactly once and in order, which can be rebuilt at any time.
export { isSetAside } from './marks.ts';
export type { Projection } from './projection.ts';
export { Projector } from './projector.ts';
export type { ProjectorOptions } from './projector.ts';
export { rebuild } from './rebuild.ts';
export type { Rebuilt, RebuildProgress } from './rebuild.ts';
export { listSetAside, retrySetAside, setAsideCursorPattern, SetAsides } from './set-aside.ts';
export type { Retried, SetAside, SetAsidePage } from './set-aside.ts';
export { marksAhead, projectionStatus } from './status.ts';
export type { ProjectionStatus } from './status.ts';
