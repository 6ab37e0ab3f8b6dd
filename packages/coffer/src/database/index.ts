// Access to PostgreSQL: the embedded server or the operator's, connection pools, migrations; knows no business tables.
export { BatchedReader } from './batched-reader.ts';
export { isOutage } from './outages.ts';
export { identityOf } from './identity.ts';
export { byteaColumn, int8Column, numericColumn, textColumn, timestamptzColumn } from './columns.ts';
export { openDatabase } from './open.ts';
export type { Database, DatabaseConfig, OpenOptions } from './open.ts';
export { refuseUnsafeDatabase } from './safety.ts';
export { createPool } from './pool.ts';
export type { PoolOptions } from './pool.ts';
export { inRole } from './roles.ts';
export { connectClient, connectionConfig } from './sessions.ts';
export type { ConnectionOptions, SessionSettings } from './sessions.ts';
export { inTransaction, TransactionLost } from './transaction.ts';
export { emptyDatabase } from './empty.ts';
export { migrate } from './migrate.ts';
export type { MigrationReport } from './migrate.ts';
export { removeEmbedded, startEmbedded } from './embedded.ts';
export type { Embedded, EmbeddedOptions } from './embedded.ts';
