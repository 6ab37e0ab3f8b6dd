/**
 * Every connection that Coffer opens: with the settings that its statements rely on, whatever the server, the database, the role or the
 * environment says, and directly to PostgreSQL.
 */
import pg from 'pg';
import { OperatorError } from '../kernel/index.ts';
import { typeParsers } from './types.ts';

/** PostgreSQL settings by name, each value as `show` prints it. */
export type SessionSettings = Readonly<Record<string, string>>;

/** Sent when a connection starts, so they win over ALTER ROLE, ALTER DATABASE, ALTER SYSTEM and postgresql.conf. */
const always: SessionSettings = {
  // How values are written and read.
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  // What statements mean. With row_security off, a policy that would hide rows is an error.
  search_path: 'public, pg_temp',
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  // How long they may take: each pool names its own limits.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

type Commits = 'durable' | 'as configured';

/** Null where the connection has none, as over a Unix socket. */
const networkOnly = /^tcp_/;
const prepareWithinMs = 10_000;

export type ConnectionOptions = {
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** In addition to those of every connection, such as `{ statement_timeout: '20s' }`. */
  readonly settings?: SessionSettings | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly queryTimeoutMs?: number | undefined;
  /** Sends statements without waiting for the answers to the earlier ones. */
  readonly pipeline?: boolean;
};

/** For a client or a pool of them, which must still be prepared when it is connected. */
export function connectionConfig(url: string, options: ConnectionOptions): pg.ClientConfig {
  const { applicationName, settings = {}, connectTimeoutMs = 10_000, queryTimeoutMs, pipeline = false } = options;
  return {
    connectionString: withServerOptions(url, optionsText({ ...always, ...settings })),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    ...(queryTimeoutMs !== undefined && { query_timeout: queryTimeoutMs }),
    ...(pipeline && { pipeline }),
    keepAlive: true,
    types: typeParsers,
  };
}

/**
 * Opens one connection. Throws an outage, or an OperatorError if the settings did not arrive. The caller handles its `error` events.
 * `commits: 'as configured'` leaves synchronous_commit as the operator set it, to read it.
 */
export async function connectClient(client: pg.Client, settings: SessionSettings = {}, commits: Commits = 'durable'): Promise<void> {
  try {
    await client.connect();
    await prepareSession(client, settings, commits);
  } catch (failure) {
    // Not awaited: a hung connection would not end.
    client.end().catch(() => undefined);
    throw failure;
  }
}

/** Adds settings to those already in a URL; on its own the driver would use only the URL's. Later ones win. */
export function withServerOptions(url: string, options: string | undefined): string {
  if (options === undefined) return url;
  const address = new URL(url);
  const given = address.searchParams.get('options');
  address.searchParams.set('options', given === null ? options : `${given} ${options}`);
  return address.href;
}

/** As start-up options; spaces and backslashes are escaped by a backslash. */
export function optionsText(settings: SessionSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, String.raw`\$&`)}`)
    .join(' ');
}

type Lost = { readonly name: string; readonly wanted: string; readonly found: string };

/**
 * Checks that the settings of a new connection are in force, and sets those that cannot be sent when it starts. Throws an OperatorError
 * behind a pooler, which drops start-up options, or answers statements of one session on several connections.
 */
export async function prepareSession(client: pg.ClientBase, settings: SessionSettings = {}, commits: Commits = 'durable'): Promise<void> {
  const wanted = { ...always, ...roleIn(client), ...settings };
  const question = { text: prepareText(wanted, commits), query_timeout: prepareWithinMs };
  const results = (await client.query(question)) as unknown as pg.QueryResult[];
  const lost = (results[0]?.rows ?? []) as Lost[];
  const { backend } = (results[1]?.rows[0] ?? {}) as { backend?: number };
  const [first] = lost;
  if (first) {
    const others = lost.length > 1 ? `, and ${lost.length - 1} other settings are missing` : '';
    throw behindPooler(
      `The database connection does not have the settings that Coffer gives it: ${first.name} is "${first.found}" instead of "${first.wanted}"${others}.`,
    );
  }
  const { processID } = client as { processID?: number | null };
  if (typeof processID === 'number' && processID !== backend)
    throw behindPooler(
      'The database connection goes through a pooler, which may run the statements of one session on several connections.',
    );
}

export function behindPooler(sentence: string, cause?: unknown): OperatorError {
  return new OperatorError(
    sentence,
    'Coffer needs connections of its own for locks, notifications, roles and prepared statements, and pools them itself. Point DATABASE_URL and COFFER_MIGRATION_URL at PostgreSQL itself instead of at a pooler such as PgBouncer.',
    { cause },
  );
}

/** The role that the URL asks for. */
function roleIn(client: pg.ClientBase): SessionSettings {
  const { connectionParameters } = client as { connectionParameters?: { options?: string } };
  const role = connectionParameters?.options?.match(/(?<=-c role=)\S+/g)?.at(-1);
  return role === undefined ? {} : { role };
}

/** Two statements without parameters, so that they travel together. */
function prepareText(wanted: SessionSettings, commits: Commits): string {
  const checked = Object.entries(wanted).filter(([name]) => !networkOnly.test(name));
  const rows = checked.map(([name, value]) => `(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)})`);
  const differing = `select name, wanted, current_setting(name) as found from (values ${rows.join(', ')}) as w (name, wanted)
    where current_setting(name) <> wanted`;
  // A stricter synchronous_commit of the operator stays; a weaker one does not, not even after a reload of the server's configuration.
  const durable = `set_config('synchronous_commit', case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, false)`;
  const settled = commits === 'as configured' || Object.hasOwn(wanted, 'synchronous_commit') ? '' : `, ${durable}`;
  // On a Citus cluster a statement goes to the machine of its book, so it is planned for each book.
  const placed = `, case when current_setting('plan_cache_mode') = 'force_generic_plan' and exists (select from pg_extension where extname = 'citus')
    then set_config('plan_cache_mode', 'force_custom_plan', false) end`;
  // PostgreSQL 16 does not have it.
  const unlimited = `, case when current_setting('transaction_timeout', true) is not null then set_config('transaction_timeout', '0', false) end`;
  return `${differing}; select pg_backend_pid() as backend${settled}${placed}${unlimited}`;
}
