import type pg from 'pg';
import { hidePasswords, OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { startEmbedded } from './embedded/index.ts';
import type { EmbeddedOptions } from './embedded/index.ts';
import { createPool } from './pool.ts';
import type { PoolOptions } from './pool.ts';
import { refuseUnsafeDatabase } from './safety.ts';

export type Database = {
  url: string;
  pool: pg.Pool;
  /** Where the data is, for people: a folder, or the URL without its password. */
  location: string;
  stop(): Promise<void>;
};

export type DatabaseConfig = {
  /** A PostgreSQL of the operator's; the embedded one when absent. */
  databaseUrl?: string | undefined;
  home: string;
};

/**
 * Opens the database: the operator's, or the embedded one (started, created the first time). Unsafe ones are refused.
 * `whenRunning: 'join'` lets a command work beside a running copy on the same home.
 */
export async function openDatabase(
  config: DatabaseConfig,
  log: Log,
  options: PoolOptions & Pick<EmbeddedOptions, 'whenRunning' | 'whenAbsent'> = {},
): Promise<Database> {
  const { whenRunning = 'refuse', whenAbsent = 'create', ...poolOptions } = options;
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ home: config.home, log, whenRunning, whenAbsent }) : undefined;
  const url = embedded?.url ?? config.databaseUrl ?? '';
  const pool = createPool(url, log, poolOptions);
  const stop = async () => {
    await pool.end();
    await embedded?.stop();
  };
  try {
    await refuseUnsafeDatabase(pool);
  } catch (error) {
    await stop();
    throw embedded ? error : unreachableDatabase(url, error);
  }
  return { url, pool, location: embedded?.folder ?? hidePasswords(url), stop };
}

const unreachableReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  '28P01': 'the password is wrong',
  '28000': 'it does not let this user in',
  '3D000': 'the database does not exist',
  '53300': 'it has no connection left',
  '57P03': 'it is starting or stopping',
};

function unreachableDatabase(url: string, error: unknown): unknown {
  if (error instanceof OperatorError) return error;
  const { code = '', message } = error as Error & { code?: string };
  return new OperatorError(
    `The database at ${hidePasswords(url)} cannot be used: ${unreachableReasons[code] ?? message}.`,
    'Check DATABASE_URL, or leave it away to use the PostgreSQL that comes with Coffer.',
    { cause: error },
  );
}
