import pg from 'pg';

/**
 * Classes of PostgreSQL errors that pass without a fix in Coffer: connection lost, insufficient resources, operator intervention, server
 * not ready, transaction aborted by the server, lock or statement timeout, read-only standby.
 */
const passingErrorClasses = new Set(['08', '40', '53', '55', '57', '58', '25']);

/** True when a later retry can succeed; any other database error is a bug in Coffer. */
export function isOutage(failure: unknown): boolean {
  if (failure instanceof pg.DatabaseError) return passingErrorClasses.has((failure.code ?? '').slice(0, 2));
  // Errors of the socket and of the driver's connection handling carry no SQLSTATE.
  return failure instanceof Error && (connectionFailure.test(failure.message) || isSystemError(failure));
}

const connectionFailure = /connection|terminated|timeout|not queryable|ended/i;

function isSystemError(failure: Error): boolean {
  return 'syscall' in failure || ('code' in failure && typeof failure.code === 'string' && /^E[A-Z]+$/.test(failure.code));
}
