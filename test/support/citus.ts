/**
 * Test databases on a Citus cluster: `npm run test:citus` runs the suites of the ledger there. `CITUS_URL` names a database of its
 * coordinator in which the extension knows the workers.
 */
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '../../packages/coffer/src/database/index.ts';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';

export const clusterUrlVariable = 'CITUS_URL';
const template = 'coffer_citus_template';
const templateLock = 0x0c0ffe15;
/** Fewer than in production: each is ten tables to create and to copy. */
const shards = 8;

const script = path.resolve(import.meta.dirname, '../../packages/coffer/database/citus.sql');

/** The statements of citus.sql, as an operator runs them. */
export function distribution(shardCount: number): string[] {
  const text = fs.readFileSync(script, 'utf8').replace('shard_count => 64', `shard_count => ${shardCount}`);
  return text.split(/;\s*\n/).filter((statement) => statement.replaceAll(/^\s*--.*$/gm, '').trim() !== '');
}

/** For a new run: what the code migrates may have changed. */
export async function forgetClusterTemplate(clusterUrl: string): Promise<void> {
  for (const url of await nodesOf(clusterUrl)) await onServer(url, (admin) => dropDatabase(admin, template));
}

/** Copies the template on every machine: the copies know each other, because Citus connects to a database of the same name. */
export async function createOnCluster(clusterUrl: string, name: string): Promise<void> {
  await ensureTemplate(clusterUrl);
  for (const url of await nodesOf(clusterUrl))
    await onServer(url, (admin) => admin.query(`create database ${name} template ${template} strategy wal_log`));
}

export async function dropOnCluster(clusterUrl: string, name: string): Promise<void> {
  for (const url of await nodesOf(clusterUrl)) await onServer(url, (admin) => dropDatabase(admin, name));
}

/** The coordinator first. */
export async function nodesOf(clusterUrl: string): Promise<string[]> {
  return await onServer(clusterUrl, async (client) => {
    const { rows } = await client.query<{ host: string; port: number }>(
      'select nodename as host, nodeport as port from pg_dist_node where groupid <> 0 order by nodeid',
    );
    return [clusterUrl, ...rows.map(({ host, port }) => at(clusterUrl, { host, port }))];
  });
}

/** A database on every machine, with the extension; then the migrations, and citus.sql. The first caller makes it; the others wait. */
async function ensureTemplate(clusterUrl: string): Promise<void> {
  await onServer(clusterUrl, async (lock) => {
    await lock.query('select pg_advisory_lock($1)', [templateLock]);
    const { rowCount } = await lock.query('select from pg_database where datname = $1 and not datallowconn', [template]);
    if (rowCount === 1) return;
    const urls = await nodesOf(clusterUrl);
    for (const url of urls) {
      await onServer(url, async (admin) => {
        await dropDatabase(admin, template);
        await admin.query(`create database ${template} template template0 encoding 'UTF8'`);
      });
      await onServer(at(url, { database: template }), (admin) => admin.query('create extension citus'));
    }
    const [coordinator, ...workers] = urls.map((url) => new URL(at(url, { database: template })));
    if (!coordinator) throw new Error('a cluster has a coordinator');
    await onServer(coordinator.href, async (client) => {
      await client.query('select citus_set_coordinator_host($1, $2)', [coordinator.hostname, Number(coordinator.port)]);
      for (const { hostname, port } of workers) await client.query('select citus_add_node($1, $2)', [hostname, Number(port)]);
    });
    await migrate(coordinator.href, createLog({ level: 'warn', pretty: true }));
    await onServer(coordinator.href, async (client) => {
      for (const statement of distribution(shards)) await client.query(statement);
      // Tests read as the superuser what Coffer reads in its roles, and disable the triggers that refuse changes.
      await client.query('alter role current_user set citus.allow_nested_distributed_execution = on');
      await client.query('alter role current_user set citus.enable_unsafe_triggers = on');
    });
    for (const url of urls.toReversed()) await onServer(url, (admin) => closeDatabase(admin));
  });
}

/** Nothing may be connected to a template, not even the background worker of Citus. */
async function closeDatabase(admin: pg.Client): Promise<void> {
  await admin.query(`alter database ${template} with allow_connections false`);
  await admin.query('select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1', [template]);
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`drop database if exists ${name} with (force)`);
}

/** Citus does not repeat this on the machines: each shard has the trigger under a name of its own. */
export async function switchShardTriggers(pool: pg.Pool, tables: readonly string[], to: 'disable' | 'enable always'): Promise<void> {
  const change = `do $do$ declare trigger text := (select tgname from pg_trigger where tgrelid = '%1$s'::regclass and tgname ~ '^append_only');
    begin execute 'alter table %1$s ${to} trigger ' || trigger; end $do$`;
  for (const table of tables) {
    const { rows } = await pool.query<{ success: boolean; result: string }>('select * from run_command_on_placements($1, $2)', [
      `ledger.${table}`,
      change,
    ]);
    const failed = rows.find(({ success }) => !success);
    if (failed) throw new Error(failed.result);
  }
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function at(url: string, place: { readonly host?: string; readonly port?: number; readonly database?: string }): string {
  const changed = new URL(url);
  if (place.host !== undefined) changed.hostname = place.host;
  if (place.port !== undefined) changed.port = String(place.port);
  if (place.database !== undefined) changed.pathname = `/${place.database}`;
  return changed.href;
}
