// The PostgreSQL that comes with Coffer: finds, creates, starts, watches and stops it; survives crashes on either side.
export { EmbeddedPostgresError } from './error.ts';
export type { EmbeddedLog } from './log.ts';
export { removeEmbedded, startEmbedded } from './embedded.ts';
export type { Embedded, EmbeddedOptions } from './embedded.ts';
