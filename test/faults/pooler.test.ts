// A pooler between Coffer and PostgreSQL loses roles, settings and locks: Coffer notices it before it does anything.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, migrate } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { createEmptyDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { pgBouncerIsMissing, startPgBouncer } from '../support/pgbouncer.ts';
import type { PgBouncer } from '../support/pgbouncer.ts';

const log = silentLog();
/** Other test files hold locks in other databases of the server. */
const advisoryHere = "locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";
let database: TestDatabase;
let pooler: PgBouncer | undefined;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterEach(async () => {
  await pooler?.stop();
  pooler = undefined;
});
afterAll(() => database.drop());

const remedy = expect.stringMatching(/Point DATABASE_URL and COFFER_MIGRATION_URL at PostgreSQL itself/) as unknown;
describe.skipIf(pgBouncerIsMissing).each([
  ['refuses start-up options', ['pool_mode = session'], 'A pooler refuses the connection: unsupported startup parameter'],
  ['drops start-up options', ['pool_mode = session', 'ignore_startup_parameters = options'], 'does not have the settings'],
  [
    'drops start-up options and pools transactions',
    ['pool_mode = transaction', 'ignore_startup_parameters = options'],
    'does not have the settings',
  ],
])('behind a PgBouncer that %s', (_what, settings, sentence) => {
  test('the start is refused with what to do, and leaves neither a lock nor a table', async () => {
    pooler = await startPgBouncer(database.url, settings);
    const refusal = { name: 'OperatorError', message: expect.stringContaining(sentence) as unknown, remedy };
    await expect(openDatabase({ databaseUrl: pooler.url, home: '/nonexistent' }, log)).rejects.toMatchObject(refusal);
    const { rows } = await database.pool.query(
      `select (select count(*) from pg_locks where ${advisoryHere})::int as locks,
         (select count(*) from pg_namespace where nspname in ('ledger', 'coffer_migration'))::int as schemas`,
    );
    expect(rows).toEqual([{ locks: 0, schemas: 0 }]);
  });
});

describe.skipIf(pgBouncerIsMissing)('behind a PgBouncer that gives the settings itself', () => {
  test('a migration and a ledger are refused too: statements of one session may run on several connections', async () => {
    pooler = await startPgBouncer(database.url, ['pool_mode = transaction', 'ignore_startup_parameters = options']);
    const through = new URL(pooler.url);
    const name = through.pathname.slice(1);
    // What a connection checks is as Coffer wants it, so only the pooler itself is left to be noticed.
    for (const change of ['search_path = public, pg_temp', 'row_security = off', "TimeZone = 'UTC'", 'jit = off'])
      await database.pool.query(`alter database ${name} set ${change}`);
    const refusal = { message: expect.stringContaining('goes through a pooler') as unknown, remedy };
    await expect(migrate(through.href, log)).rejects.toMatchObject(refusal);
    await expect(openLedger({ url: through.href, log })).rejects.toMatchObject({ remedy });
    const { rows } = await database.pool.query(`select count(*)::int as locks from pg_locks where ${advisoryHere}`);
    expect(rows).toEqual([{ locks: 0 }]);
  });
});
