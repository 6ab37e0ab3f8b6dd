// Projections: what is derived from the event log and kept beside it, each event applied exactly once, in order, and rebuilt at will.
export type { Projection } from './projection.ts';
