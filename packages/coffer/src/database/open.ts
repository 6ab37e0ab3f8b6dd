import pg from 'pg';
import { hidePasswords, OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { startEmbedded } from './embedded.ts';
import type { Embedded, EmbeddedOptions } from './embedded.ts';
import { migrate } from './migrate.ts';
import { createPool } from './pool.ts';
import type { PoolOptions } from './pool.ts';
import { inRole, roleNames } from './roles.ts';
import type { Role } from './roles.ts';
import { behindPooler } from './sessions.ts';
import { refuseClosedLedger, refuseUnsafeDatabase, refuseUnsafeLedger } from './safety.ts';

export type Database = {
  /** With the requested role, like the pool. */
  url: string;
  pool: pg.Pool;
  /** The location of the data, for people: a folder, or the URL without its password. */
  location: string;
  stop(): Promise<void>;
};

export type DatabaseConfig = {
  /** The operator's PostgreSQL; the embedded one when absent. */
  databaseUrl?: string | undefined;
  /** The same database as its owner, for migrating; `databaseUrl` when absent. */
  migrationUrl?: string | undefined;
  home: string;
  /** The operator did not choose the home: as root the embedded database may be outside it if PostgreSQL's user cannot reach it. */
  isDefaultHome?: boolean;
};

export type OpenOptions = PoolOptions & Pick<EmbeddedOptions, 'whenRunning' | 'whenAbsent'> & { as?: Role };

/**
 * Opens the database: the operator's, or the embedded one (started, and created the first time). Unsafe ones are refused. For a `writer`
 * (the default) it is migrated first; afterwards nothing done through it can change or drop what the ledger holds. `whenRunning: 'join'`
 * lets a command work beside a running copy on the same home.
 */
export async function openDatabase(config: DatabaseConfig, log: Log, options: OpenOptions = {}): Promise<Database> {
  const { as = 'writer', whenRunning = 'refuse', whenAbsent = 'create', ...poolOptions } = options;
  const outside = config.isDefaultHome ? 'allow' : 'refuse';
  const embedded =
    config.databaseUrl === undefined ? await startEmbedded({ home: config.home, log, whenRunning, whenAbsent, outside }) : undefined;
  const ownerUrl = embedded?.url ?? config.migrationUrl ?? config.databaseUrl ?? '';
  const url = as === 'migrator' ? ownerUrl : urlInRole(config, embedded, as);
  const pool = createPool(url, log, poolOptions);
  const stop = async () => {
    await pool.end();
    await embedded?.stop();
  };
  let setting: Setting = config.migrationUrl === undefined ? 'DATABASE_URL' : 'COFFER_MIGRATION_URL';
  try {
    if (as === 'writer') await prepare(ownerUrl, log);
    if (as !== 'migrator') setting = 'DATABASE_URL';
    await refuseUnsafeDatabase(url);
    if (as === 'writer') await refuseUnsafeLedger(pool);
    if (as === 'reader') await refuseClosedLedger(pool);
  } catch (error) {
    await stop();
    throw describeFailure(error, as, embedded === undefined ? { setting, url: addressIn(config, setting) } : null);
  }
  return { url, pool, location: embedded?.folder ?? hidePasswords(config.databaseUrl ?? ''), stop };
}

function urlInRole(config: DatabaseConfig, embedded: Embedded | undefined, role: 'writer' | 'reader'): string {
  return inRole(embedded?.loginUrl(role) ?? config.databaseUrl ?? '', role);
}

/** Runs as the owner, only for this step: a database that loses commits is refused before anything is written to it. */
async function prepare(ownerUrl: string, log: Log): Promise<void> {
  await refuseUnsafeDatabase(ownerUrl);
  await migrate(ownerUrl, log);
}

const unreachableReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved right now',
  ETIMEDOUT: 'it does not answer',
  '28P01': 'the password is wrong',
  '28000': 'it rejects this user',
  '3D000': 'the database does not exist',
  '53300': 'it has no free connections',
  '57P03': 'it is starting or stopping',
};

type Setting = 'DATABASE_URL' | 'COFFER_MIGRATION_URL';

function addressIn({ databaseUrl = '', migrationUrl = '' }: DatabaseConfig, setting: Setting): string {
  return setting === 'DATABASE_URL' ? databaseUrl : migrationUrl;
}

/** `given` is the operator's; null for the embedded database. */
function describeFailure(error: unknown, as: Role, given: { setting: Setting; url: string } | null): unknown {
  if (error instanceof OperatorError) return error;
  const { code = '', message } = error as Error & { code?: string };
  const role = roleNames[as];
  if (error instanceof pg.DatabaseError && message.includes(`"${role}"`)) {
    if (code === '22023') {
      return new OperatorError('This version of Coffer has not migrated this database yet.', 'Start Coffer once, or run: coffer migrate.', {
        cause: error,
      });
    }
    if (code === '42501') {
      const remedy = `Run as the owner of the database: grant ${role} to <the user of DATABASE_URL>;`;
      return new OperatorError(`The user of DATABASE_URL may not work as ${role}.`, remedy, { cause: error });
    }
  }
  if (message.includes('unsupported startup parameter')) return behindPooler(`A pooler refuses the connection: ${message}.`, error);
  if (given === null) return error;
  return new OperatorError(
    `The database at ${hidePasswords(given.url)} cannot be used: ${unreachableReasons[code] ?? message}.`,
    given.setting === 'DATABASE_URL'
      ? 'Check DATABASE_URL, or unset it to use the PostgreSQL that comes with Coffer.'
      : 'Check COFFER_MIGRATION_URL: it must be the database of DATABASE_URL, as its owner.',
    { cause: error },
  );
}
