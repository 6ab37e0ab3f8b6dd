import type pg from 'pg';
import { OperatorError } from '../kernel/index.ts';

const versionMin = 160_000;

type Setting = { name: string; setting: string; source: string };

/**
 * Refuses a PostgreSQL on which an answered transfer could be lost: too old, read-only, or with one of the settings off
 * that bring a commit to disk. Names each finding and the statement that mends it.
 */
export async function refuseUnsafeDatabase(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<Setting>(
    `select name, setting, source from pg_settings
      where name in ('server_version_num', 'server_version', 'fsync', 'full_page_writes', 'synchronous_commit',
                     'synchronous_standby_names', 'in_hot_standby', 'server_encoding')`,
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  const value = (name: string) => found.get(name)?.setting ?? '';

  if (Number(value('server_version_num')) < versionMin) {
    throw new OperatorError(
      `DATABASE_URL leads to PostgreSQL ${value('server_version')}; Coffer needs 16 or newer.`,
      'Upgrade it, or leave DATABASE_URL away to use the PostgreSQL 18 that comes with Coffer.',
    );
  }
  if (value('in_hot_standby') === 'on') {
    throw new OperatorError('DATABASE_URL leads to a read-only standby.', 'Give the address of the primary.');
  }
  if (value('server_encoding') !== 'UTF8') {
    throw new OperatorError(
      `The database is encoded in ${value('server_encoding')}, which cannot hold every text.`,
      "Create it with: create database coffer encoding 'UTF8' template template0;",
    );
  }

  const unsafe = ['fsync', 'full_page_writes', 'synchronous_commit']
    .map((name) => found.get(name))
    .filter((setting) => setting !== undefined)
    .filter((setting) => !isSafe(setting, value('synchronous_standby_names')));
  if (unsafe.length === 0) return;
  throw new OperatorError(
    `The database runs with ${unsafe.map((row) => `${row.name} = ${row.setting}`).join(' and ')}: ` +
      'transfers that were answered would be lost when the machine fails.',
    unsafe.map(remedy).join(' '),
  );
}

function isSafe(setting: Setting, standbys: string): boolean {
  if (setting.name !== 'synchronous_commit') return setting.setting === 'on';
  // Without a synchronous standby, local and remote_write wait for the local disk, exactly as "on" does.
  const withoutStandby = standbys === '' && ['local', 'remote_write'].includes(setting.setting);
  return withoutStandby || ['on', 'remote_apply'].includes(setting.setting);
}

/** The statement that undoes an unsafe value depends on where it was set. */
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
      return `Run: alter system set ${row.name} = on; select pg_reload_conf();`;
  }
}
