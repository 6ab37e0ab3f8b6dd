// The PostgreSQL that comes along: found in the install, created, started, watched and stopped; survives crashes of either side.
export { EmbeddedPostgresError } from './error.ts';
export type { EmbeddedLog } from './log.ts';
export { removeEmbedded, startEmbedded } from './embedded.ts';
export type { Embedded, EmbeddedOptions } from './embedded.ts';
