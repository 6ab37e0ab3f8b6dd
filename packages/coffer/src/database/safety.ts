import pg from 'pg';
import { OperatorError } from '../kernel/index.ts';
import { connectClient, connectionConfig } from './sessions.ts';

const versionMin = 160_000;

type Setting = { name: string; setting: string; source: string };

/**
 * Refuses a PostgreSQL on which an answered transfer could be lost: too old, read-only, or with a setting off that commits depend on to
 * reach the disk. Names each finding and the statement that fixes it. Uses a connection of its own, because settings of a role or a
 * database apply to new ones, and Coffer's others set synchronous_commit themselves.
 */
export async function refuseUnsafeDatabase(url: string): Promise<void> {
  const rows = await readSettings(url);
  const found = new Map(rows.map((row) => [row.name, row]));
  const value = (name: string) => found.get(name)?.setting ?? '';

  if (Number(value('server_version_num')) < versionMin) {
    throw new OperatorError(
      `DATABASE_URL points to PostgreSQL ${value('server_version')}; Coffer needs 16 or newer.`,
      'Upgrade it, or unset DATABASE_URL to use the PostgreSQL 18 that comes with Coffer.',
    );
  }
  if (value('in_hot_standby') === 'on') {
    throw new OperatorError('DATABASE_URL points to a read-only standby.', 'Use the URL of the primary.');
  }
  if (value('server_encoding') !== 'UTF8') {
    throw new OperatorError(
      `The database is encoded in ${value('server_encoding')}, which cannot represent every text.`,
      "Create it with: create database coffer encoding 'UTF8' template template0;",
    );
  }

  const replication = found.get('session_replication_role');
  if (replication && replication.setting !== 'origin') {
    throw new OperatorError(
      `The database runs with session_replication_role = ${replication.setting}, which disables ordinary triggers and foreign keys.`,
      remedy(replication),
    );
  }

  const unsafe = ['fsync', 'full_page_writes', 'synchronous_commit']
    .map((name) => found.get(name))
    .filter((setting) => setting !== undefined)
    .filter((setting) => !isSafe(setting, value('synchronous_standby_names')));
  if (unsafe.length === 0) return;
  throw new OperatorError(
    `The database runs with ${unsafe.map((row) => `${row.name} = ${row.setting}`).join(' and ')}: ` +
      'a machine failure would lose transfers that were already answered.',
    unsafe.map(remedy).join(' '),
  );
}

async function readSettings(url: string): Promise<Setting[]> {
  const settings = { statement_timeout: '10s' };
  const client = new pg.Client(connectionConfig(url, { applicationName: 'coffer safety', settings, queryTimeoutMs: 10_000 }));
  client.on('error', () => undefined);
  await connectClient(client, settings, 'as configured');
  try {
    const { rows } = await client.query<Setting>(
      `select name, setting, source from pg_settings
        where name in ('server_version_num', 'server_version', 'fsync', 'full_page_writes', 'synchronous_commit',
                       'synchronous_standby_names', 'in_hot_standby', 'server_encoding', 'session_replication_role')`,
    );
    return rows;
  } finally {
    // Not awaited: a server that does not answer does not close the connection either.
    client.end().catch(() => undefined);
  }
}

function isSafe(setting: Setting, standbys: string): boolean {
  if (setting.name !== 'synchronous_commit') return setting.setting === 'on';
  // Without a synchronous standby, local and remote_write wait for the local disk, exactly as "on" does.
  const withoutStandby = standbys === '' && ['local', 'remote_write'].includes(setting.setting);
  return withoutStandby || ['on', 'remote_apply'].includes(setting.setting);
}

/** The statement that resets an unsafe value depends on where it was set. */
function remedy(row: Setting): string {
  switch (row.source) {
    case 'database':
      return `Run: alter database <this database> reset ${row.name};`;
    case 'user':
    case 'database user':
      return `Run: alter role <this role> reset ${row.name};`;
    case 'client':
      return `Remove ${row.name} from the options in DATABASE_URL.`;
    case 'command line':
      return `Start the server without "-c ${row.name}=${row.setting}".`;
    default:
      return `Run: alter system set ${row.name} = ${row.name === 'session_replication_role' ? 'origin' : 'on'}; select pg_reload_conf();`;
  }
}

/** They derive from the log and move along with it. No role but their owner can change them, and `coffer verify` compares them with the log. */
const derivedTables = ['newest', 'newest_until', 'newest_tail'];

type Guard = { table: string; trigger_enabled: string | null };

/** Refuses to write to a ledger whose rows this connection could change, or whose tables have lost the triggers that refuse changes. */
export async function refuseUnsafeLedger(pool: pg.Pool): Promise<void> {
  const { rows: changeable } = await pool.query<{ table: string; role: string; all_powerful: boolean }>(`
    select c.oid::regclass::text as table, current_user as role, rolsuper or pg_has_role(current_user, c.relowner, 'USAGE') as all_powerful
    from pg_class c join pg_roles on rolname = current_user
    where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p')
      and (has_table_privilege(c.oid, 'insert, update, delete, truncate, trigger') or has_any_column_privilege(c.oid, 'insert, update'))
    order by 1`);
  const [open] = changeable;
  if (open) {
    throw new OperatorError(
      `Coffer works as ${open.role}, which could change what ${open.table} holds.`,
      open.all_powerful
        ? `Reduce the rights of that role: alter role ${open.role} nosuperuser; and revoke its membership in the role that owns the ledger.`
        : `Run as the owner: revoke insert, update, delete, truncate, references, trigger on all tables in schema ledger from ${open.role}, public;`,
    );
  }

  const { rows: guards } = await pool.query<Guard>(
    `
    select c.oid::regclass::text as table, t.tgenabled as trigger_enabled
    from pg_class c left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'append_only'
    where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p') and c.relname <> all ($1)
    order by 1`,
    [derivedTables],
  );
  const unguarded = guards.find((guard) => guard.trigger_enabled !== 'A');
  if (!unguarded) return;
  const { table, trigger_enabled } = unguarded;
  throw new OperatorError(
    `The trigger append_only of ${table} is ${trigger_enabled === null ? 'missing' : 'not always enabled'}: its rows could be changed unnoticed.`,
    `Run coffer verify, then as the owner: ${trigger_enabled === null ? `create trigger append_only before update or delete or truncate on ${table} for each statement execute function ledger.refuse_change(); ` : ''}alter table ${table} enable always trigger append_only;`,
  );
}

/** Refuses a database whose ledger this connection may not read: it was never migrated, or not by this version. */
export async function refuseClosedLedger(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ closed: boolean }>(
    `select exists (select from pg_namespace where nspname = 'ledger' and not has_schema_privilege(oid, 'usage')) as closed`,
  );
  if (rows[0]?.closed) {
    throw new OperatorError('This version of Coffer has not migrated this database yet.', 'Start Coffer once, or run: coffer migrate.');
  }
}
