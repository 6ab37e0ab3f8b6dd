import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createPool, migrate } from '../../packages/coffer/src/database/index.ts';
import { assert, createLog } from '../../packages/coffer/src/kernel/index.ts';
import { clusterUrlVariable, createOnCluster, dropOnCluster } from './citus.ts';

export const serverUrlVariable = 'COFFER_TEST_SERVER_URL';
const template = 'coffer_template';
const templateLock = 0x0c0ffe14;

export type TestDatabase = { url: string; pool: pg.Pool; drop(): Promise<void> };

/**
 * A separate migrated database, cloned from a template; call it once per test file and `drop` it after.
 * The server is the test run's, or `serverUrl` (the benchmark starts its own); of `npm run test:citus`, the cluster.
 */
export async function createTestDatabase(serverUrl?: string): Promise<TestDatabase> {
  const clusterUrl = process.env[clusterUrlVariable];
  if (serverUrl === undefined && clusterUrl !== undefined) return await createClusterDatabase(clusterUrl);
  return await createCopy(serverUrl ?? testServerUrl());
}

async function createClusterDatabase(clusterUrl: string): Promise<TestDatabase> {
  const name = newName();
  await createOnCluster(clusterUrl, name);
  return connected(urlOf(clusterUrl, name), () => dropOnCluster(clusterUrl, name));
}

async function createCopy(serverUrl: string): Promise<TestDatabase> {
  return await createDatabase(serverUrl, async (admin, name) => {
    await ensureTemplate(admin, serverUrl);
    // Copying through the write-ahead log takes half as long as copying files, which needs two checkpoints.
    await admin.query(`create database ${name} template ${template} strategy wal_log`);
  });
}

/** An empty database without migrations, for tests of the migrator and of the database itself. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await createDatabase(testServerUrl(), (admin, name) => admin.query(`create database ${name} template template0`));
}

function testServerUrl(): string {
  const url = process.env[serverUrlVariable];
  assert(url, 'no test server: run the tests with vitest, or pass the URL of startTestServer()');
  return url;
}

async function createDatabase(serverUrl: string, create: (admin: pg.Client, name: string) => Promise<unknown>): Promise<TestDatabase> {
  const name = newName();
  await withAdmin(serverUrl, (admin) => create(admin, name));
  return connected(urlOf(serverUrl, name), () =>
    withAdmin(serverUrl, (admin) => admin.query(`drop database if exists ${name} with (force)`)),
  );
}

function newName(): string {
  return `test_${randomBytes(6).toString('hex')}`;
}

function connected(url: string, drop: () => Promise<unknown>): TestDatabase {
  const pool = createPool(url, createLog({ level: 'error', pretty: true }), {
    applicationName: 'coffer test',
    // On a busy machine a test may wait for the lock.
    connectTimeoutMs: 100_000,
  });
  return {
    url,
    pool,
    async drop() {
      await pool.end();
      await drop();
    },
  };
}

/** The first caller migrates the template, under another name until it is complete; the others wait for the lock. */
async function ensureTemplate(admin: pg.Client, serverUrl: string): Promise<void> {
  await admin.query('select pg_advisory_lock($1)', [templateLock]);
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template]);
    if (rowCount === 1) return;
    await admin.query(`drop database if exists ${template}_new with (force)`);
    await admin.query(`create database ${template}_new template template0`);
    await migrate(urlOf(serverUrl, `${template}_new`), createLog({ level: 'warn', pretty: true }));
    await admin.query(`alter database ${template}_new rename to ${template}`);
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLock]);
  }
}

async function withAdmin(serverUrl: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: urlOf(serverUrl, 'postgres') });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
