import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { readProgram } from './migration-files.ts';
import type { Migration, Program } from './migration-files.ts';
import { ensureRoles, roleNames } from './roles.ts';
import { connectClient, connectionConfig } from './sessions.ts';
import { inTransactionOn } from './transaction.ts';

/** Held while migrating: of two concurrent migrators, one waits and then finds nothing to do. */
const migratorLock = 0x0c0ffe13;
const lockEveryMs = 50;

/**
 * How long a migration waits for the lock of a table. Other statements on that table queue behind it, reads included, so it gives way to a
 * long transaction and tries again.
 */
const tableLock = { waitMs: 1_000, pauseMs: 1_000 } as const;
const lockNotAvailable = '55P03';

type Applied = { number: number; name: string; checksum: string };

export type MigrationReport = {
  /** Names of the migrations just applied, in order. */
  applied: string[];
  /** True when functions and views were recreated. */
  definitionsRenewed: boolean;
};

/**
 * Brings a database to the state this code expects: each new migration in its own transaction, then all functions, views and grants in one.
 * Refuses a changed old migration and a database that a newer Coffer migrated. When nothing is new it needs no rights, so a Coffer that may
 * only write can start on a database that its owner migrated. `folder` replaces the product's database/ folder (tests).
 */
export async function migrate(url: string, log: Log, folder?: string): Promise<MigrationReport> {
  const program = readProgram(folder);
  // Its own connection: the lock belongs to the session, and a pool's timeouts must not interrupt a long migration.
  const client = new pg.Client(connectionConfig(url, { applicationName: 'coffer migrate' }));
  client.on('error', () => undefined);
  await connectClient(client);
  try {
    if (await isUpToDate(client, program)) return { applied: [], definitionsRenewed: false };
    await waitForLock(client, log);
    await prepareRecords(client);
    const applied = await readApplied(client);
    refuseForeignHistory(program, applied);
    const pending = program.migrations.filter((migration) => !applied.some((row) => row.number === migration.number));
    const rolesWereMissing = await ensureRoles(client);
    for (const [index, migration] of pending.entries()) {
      log.info(`Migration ${index + 1} of ${pending.length}: ${migration.name}`);
      await applyMigration(client, migration, log);
    }
    const definitionsRenewed = await renewDefinitions(client, program, log, rolesWereMissing || pending.length > 0);
    return { applied: pending.map(({ name }) => name), definitionsRenewed };
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42501') throw mayNotMigrate('migrate this database', error);
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function isUpToDate(client: pg.Client, program: Program): Promise<boolean> {
  const { rows: found } = await client.query<{ ready: boolean }>(
    `select to_regclass('coffer_migration.definitions') is not null
       and (select count(*) from pg_roles where rolname = any($1::name[])) = cardinality($1::name[]) as ready`,
    [Object.values(roleNames)],
  );
  if (!found[0]?.ready) return false;
  const applied = await readApplied(client);
  const { rows } = await client.query<{ checksum: string }>('select checksum from coffer_migration.definitions');
  const known = new Map(program.migrations.map((migration) => [migration.number, migration.checksum]));
  return (
    applied.length === known.size &&
    applied.every((row) => known.get(row.number) === row.checksum) &&
    rows[0]?.checksum === program.definitionsChecksum
  );
}

/** Asks again and again: one long statement would have a snapshot that an index built meanwhile waits for. */
async function waitForLock(client: pg.Client, log: Log): Promise<void> {
  const isTaken = async () =>
    (await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [migratorLock])).rows[0]?.taken === true;
  if (await isTaken()) return;
  log.info('Another process is migrating this database; waiting for it');
  do await setTimeout(lockEveryMs);
  while (!(await isTaken()));
}

async function prepareRecords(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(`select from pg_tables where schemaname = 'coffer_migration' and tablename = 'definitions'`);
  if (rowCount !== 0) return;
  await client.query(`
    create schema if not exists coffer_migration;
    create table if not exists coffer_migration.applied (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp()
    );
    create table if not exists coffer_migration.definitions (
      singleton boolean primary key default true check (singleton),
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp()
    );`);
}

async function readApplied(client: pg.Client): Promise<Applied[]> {
  const { rows } = await client.query<Applied>('select number, name, checksum from coffer_migration.applied order by number');
  return rows;
}

/** The database's history must be a prefix of the code's, file by file. */
function refuseForeignHistory({ migrations }: Program, applied: readonly Applied[]): void {
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  const newest = migrations.at(-1)?.number ?? -1;
  for (const row of applied) {
    const migration = known.get(row.number);
    if (!migration && row.number > newest) {
      throw new OperatorError(
        `The database is newer than this Coffer: it has the migration ${row.name}.`,
        'Start the newer version, or restore a backup of the database from before that migration.',
      );
    }
    if (!migration || migration.name !== row.name || migration.checksum !== row.checksum) {
      throw new OperatorError(
        `The migration ${migration?.name ?? row.name} was ${migration ? 'changed' : 'removed'} after it was applied to this database.`,
        `Restore the file database/migrations/${row.name}.sql, and put the change into a new migration.`,
      );
    }
  }
  const last = applied.at(-1);
  const late = migrations.find(
    (migration) => last && migration.number < last.number && !applied.some((row) => row.number === migration.number),
  );
  if (last && late) {
    throw new OperatorError(
      `The migration ${late.name} is numbered before ${last.name}, which this database already has.`,
      'Give it the highest number. You can empty a database whose data you do not need: npm run reset.',
    );
  }
}

async function applyMigration(client: pg.Client, migration: Migration, log: Log): Promise<void> {
  const file = `migrations/${migration.name}.sql`;
  if (!migration.isTransaction) {
    for (const statement of statementsOf(migration.sql)) await runFile(client, file, statement);
    await recordApplied(client, migration);
    return;
  }
  await givingWay(client, log, async () => {
    await runFile(client, file, migration.sql);
    await recordApplied(client, migration);
  });
}

/** In one transaction, which is rolled back and begun again while other transactions hold a table for long. */
async function givingWay(client: pg.Client, log: Log, work: () => Promise<void>): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      await inTransactionOn(client, work, { settings: `set local lock_timeout = ${tableLock.waitMs}` });
      return;
    } catch (failure) {
      if (!(failure instanceof pg.DatabaseError) || failure.code !== lockNotAvailable) throw failure;
      if (isFirst)
        log.warn(
          { holders: await longestTransactions(client) },
          'The migration waits for other transactions to end; nothing is blocked meanwhile',
        );
      await setTimeout(tableLock.pauseMs);
    }
  }
}

/** The oldest transactions of this database: one of them holds the table. */
async function longestTransactions(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ holder: string }>(
    `select pid || ' ' || application_name || ' since ' || to_char(xact_start at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS"Z"') as holder
     from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
     order by xact_start limit 5`,
  );
  return rows.map(({ holder }) => holder);
}

/** PostgreSQL runs several statements sent together in one transaction. A statement here ends with a line. */
function statementsOf(sql: string): string[] {
  return sql.split(/;\s*\n/).filter((statement) => statement.replaceAll(/^\s*--.*$/gm, '').trim() !== '');
}

async function recordApplied(client: pg.Client, { number, name, checksum }: Migration): Promise<void> {
  await client.query('insert into coffer_migration.applied (number, name, checksum) values ($1, $2, $3)', [number, name, checksum]);
}

/** Functions and views carry no data, so all of them are recreated when any of them or a table is new. */
async function renewDefinitions(client: pg.Client, program: Program, log: Log, always: boolean): Promise<boolean> {
  const { rows } = await client.query<{ checksum: string }>('select checksum from coffer_migration.definitions');
  if (rows[0]?.checksum === program.definitionsChecksum && !always) return false;
  if (rows.length === 0 && program.definitions.length === 0) return false;
  log.info(`Functions and views: ${program.definitions.length} files`);
  await givingWay(client, log, async () => {
    for (const { name, sql } of program.definitions) await runFile(client, name, sql);
    await client.query(
      `insert into coffer_migration.definitions (checksum) values ($1)
       on conflict (singleton) do update set checksum = excluded.checksum, applied_at = clock_timestamp()`,
      [program.definitionsChecksum],
    );
  });
  return true;
}

/** Runs a file; reports PostgreSQL's errors with the file and the line. */
async function runFile(client: pg.Client, name: string, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code === lockNotAvailable) throw error;
    const line = error.position === undefined ? '' : `, line ${sql.slice(0, Number(error.position)).split('\n').length}`;
    if (error.code === '53100') {
      throw new OperatorError('The disk of the database is full.', 'Free some space and start again; nothing was lost.', { cause: error });
    }
    if (error.code === '42501') throw mayNotMigrate(`apply database/${name}`, error);
    throw new OperatorError(
      `PostgreSQL refuses database/${name}${line}: ${error.message}.`,
      'Nothing of that file was applied. Fix the file and start again.',
      { cause: error },
    );
  }
}

function mayNotMigrate(what: string, cause: pg.DatabaseError): OperatorError {
  return new OperatorError(
    `The database is older than this Coffer, and its user may not ${what}: ${cause.message}.`,
    'Migrate as the owner of the database: COFFER_MIGRATION_URL=… npx coffer migrate.',
    { cause },
  );
}
