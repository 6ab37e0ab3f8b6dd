import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { inRole } from './index.ts';

let database: TestDatabase;
let writer: pg.Client;
let reader: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('select ledger.open_books(1)');
  writer = await connect('writer');
  reader = await connect('reader');
});
afterAll(async () => {
  await writer.end();
  await reader.end();
  await database.drop();
});

async function connect(role: 'writer' | 'reader'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: inRole(database.url, role) });
  await client.connect();
  return client;
}

/** The rights on each table and view. Add a new one with no more than its context's statements need. */
const declared: Readonly<Record<string, { writer: string; reader: string }>> = {
  'audit.change': { writer: 'select', reader: 'select' },
  'audit.part': { writer: '', reader: '' },
  'audit.head': { writer: 'select', reader: 'select' },
  'audit.request': { writer: 'select', reader: '' },
  'metadata.data_key': { writer: 'insert, select, update', reader: '' },
  // Its parts: read and written through it.
  'audit.request_0': { writer: '', reader: '' },
  'cache.seal': { writer: 'select', reader: '' },
  'ownership.secret': { writer: 'select', reader: '' },
  'ownership.process': { writer: 'delete, insert, select, update', reader: '' },
  'ownership.lease': { writer: 'insert, select, update', reader: '' },
  'find.operation': { writer: 'delete, insert, select, update', reader: '' },
  'find.wallet': { writer: 'delete, insert, select, update', reader: '' },
  'events.dead_letter': { writer: 'delete, insert, select', reader: '' },
  'events.position': { writer: 'insert, select, update', reader: '' },
  'events.redelivery': { writer: 'delete, insert, select, update', reader: '' },
  'events.relay': { writer: 'insert, select, update', reader: '' },
  'identity.api_key': { writer: 'insert, select, update', reader: '' },
  'identity.challenge': { writer: 'delete, insert, select', reader: '' },
  'identity.creation': { writer: 'insert, select, update', reader: '' },
  'identity.factor': { writer: 'delete, insert, select, update', reader: '' },
  'identity.login_log': { writer: 'insert, select', reader: '' },
  'identity.mail': { writer: 'delete, insert, select, update', reader: '' },
  'identity.proof': { writer: 'delete, insert, select, update', reader: '' },
  'identity.recovery_code': { writer: 'delete, insert, select', reader: '' },
  'identity.session': { writer: 'delete, insert, select, update', reader: '' },
  'identity.subject': { writer: 'delete, insert, select', reader: '' },
  'identity.user_change': { writer: 'insert, select', reader: '' },
  'insights.fraud_action': { writer: 'insert, select, update', reader: '' },
  'insights.fraud_finding': { writer: 'delete, insert, select', reader: '' },
  'insights.fraud_generation': { writer: 'delete, insert, select', reader: '' },
  'insights.fraud_mark': { writer: 'insert, select, update', reader: '' },
  'insights.fraud_movement': { writer: 'delete, insert, select', reader: '' },
  'insights.fraud_rule': { writer: 'insert, select, update', reader: '' },
  'insights.fraud_rule_version': { writer: 'insert, select', reader: '' },
  'insights.mail': { writer: 'delete, insert, select, update', reader: '' },
  'insights.notification': { writer: 'delete, insert, select, update', reader: '' },
  'insights.wallet_owner': { writer: 'insert, select', reader: '' },
  'identity.users': { writer: 'insert, select, update', reader: '' },
  'insights.wallet_stats': { writer: 'delete, insert, select, update', reader: '' },
  'projections.progress': { writer: 'delete, insert, select, update', reader: '' },
  'projections.projection': { writer: 'insert, select, update', reader: '' },
  'projections.set_aside': { writer: 'delete, insert, select, update', reader: '' },
  'webhooks.endpoint': { writer: 'delete, insert, select, update', reader: '' },
  'webhooks.delivery': { writer: 'delete, insert, select, update', reader: '' },
  'webhooks.attempt': { writer: 'delete, insert, select', reader: '' },
  'requests.attempt': { writer: 'insert, select', reader: '' },
  'requests.request': { writer: 'insert, select, update', reader: '' },
  'approvals.policy': { writer: 'delete, insert, select, update', reader: '' },
  'approvals.policy_change': { writer: 'insert, select', reader: '' },
  'approvals.request': { writer: 'insert, select, update', reader: '' },
  'public.api_audit': { writer: '', reader: 'select' },
  'public.accounts': { writer: '', reader: 'select' },
  'public.asset_types': { writer: '', reader: 'select' },
  'public.wallets': { writer: '', reader: 'select' },
};
/** All roles read these, and none can change them, including future tables. */
const onlyRead = { writer: 'select', reader: 'select' };

function declaredFor(table: string) {
  return /^(ledger|coffer_migration)\./.test(table) ? onlyRead : declared[table];
}

const foreign = String.raw`n.nspname !~ '^(pg_|information_schema$)'`;

test('every table of every schema has exactly the declared rights', async () => {
  const { rows } = await database.pool.query<{ table: string; writer: string; reader: string }>(`
    select n.nspname || '.' || c.relname as table,
      (select coalesce(string_agg(lower(p), ', ' order by p), '') from unnest(privileges) p where has_table_privilege('coffer_writer', c.oid, p)) as writer,
      (select coalesce(string_agg(lower(p), ', ' order by p), '') from unnest(privileges) p where has_table_privilege('coffer_reader', c.oid, p)) as reader
    from pg_class c join pg_namespace n on n.oid = c.relnamespace,
      (values (array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])) as known (privileges)
    where ${foreign} and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`);
  expect(rows.length).toBeGreaterThan(10);
  expect(rows).toEqual(rows.map(({ table }) => ({ table, ...(declaredFor(table) ?? { writer: 'declare it', reader: 'declare it' }) })));
});

test('no column has a right that its table lacks', async () => {
  const { rows } = await database.pool.query(
    `select attrelid::regclass::text as table, attname from pg_attribute a
     join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace where ${foreign} and attacl is not null`,
  );
  expect(rows).toEqual([]);
});

test('everything belongs to coffer_migrator, who cannot log in and is no superuser', async () => {
  const { rows } = await database.pool.query(`
    select c.oid::regclass::text as what, pg_get_userbyid(c.relowner) as owner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${foreign} and pg_get_userbyid(c.relowner) <> 'coffer_migrator'
    union all
    select p.oid::regprocedure::text, pg_get_userbyid(p.proowner)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${foreign} and pg_get_userbyid(p.proowner) <> 'coffer_migrator'
    union all
    select n.nspname, pg_get_userbyid(n.nspowner)
    from pg_namespace n where ${foreign} and nspname <> 'public' and pg_get_userbyid(n.nspowner) <> 'coffer_migrator'
    union all
    select rolname, 'can too much' from pg_roles where rolname in ('coffer_migrator', 'coffer_writer', 'coffer_reader')
      and (rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)`);
  expect(rows).toEqual([]);
});

test('eighteen functions run as the owner; only the writer may call them, and they resolve names only in their own schema', async () => {
  const { rows } = await database.pool.query(`
    select p.oid::regproc::text as name, proconfig as config,
      has_function_privilege('coffer_writer', p.oid, 'execute') as writer, has_function_privilege('coffer_reader', p.oid, 'execute') as reader
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${foreign} and prosecdef order by 1`);
  const safe = { config: ['search_path=pg_catalog, pg_temp'], writer: true, reader: false };
  const names = [
    'audit.drop_parts',
    'audit.erase',
    'audit.forget_before',
    'audit.record',
    'audit.record_change',
    'identity.erase_user',
    'identity.forget_logins_before',
    'ledger.add_asset',
    'ledger.add_chart_account',
    'ledger.change_asset',
    'ledger.change_chart_account',
    'ledger.close_period',
    'ledger.lock_book',
    'ledger.move_newest',
    'ledger.open_books',
    'ledger.post_batch',
    'metadata.erase_key',
    'requests.forget_before',
  ];
  const moving = { config: [...safe.config, 'enable_hashjoin=on'] };
  expect(rows).toEqual(names.map((name) => ({ name, ...safe, ...(name === 'ledger.move_newest' && moving) })));
});

test('no role may call a function by PostgreSQL’s default', async () => {
  const { rows } = await database.pool.query(`
    select p.oid::regproc::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace, aclexplode(coalesce(proacl, acldefault('f', proowner))) acl
    where ${foreign} and acl.grantee = 0`);
  expect(rows).toEqual([]);
});

describe('the writer', () => {
  test.each([
    'ledger.entry',
    'ledger.batch',
    'ledger.account',
    'ledger.book',
    'ledger.asset',
    'ledger.asset_version',
    'ledger.chart',
    'ledger.chart_version',
  ])('cannot change a row of %s', async (table) => {
    const column =
      { 'ledger.asset': 'id', 'ledger.asset_version': 'asset', 'ledger.chart': 'id', 'ledger.chart_version': 'account' }[table] ?? 'book';
    const statements = [
      `insert into ${table} select * from ${table}`,
      `update ${table} set ${column} = ${column}`,
      `delete from ${table}`,
      `truncate ${table}`,
      `alter table ${table} disable trigger all`,
      `alter table ${table} add column planted text`,
      `drop table ${table} cascade`,
      `create trigger planted before insert on ${table} for each row execute function ledger.refuse_change()`,
    ];
    for (const statement of statements) await expect(writer.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  test.each([
    ['create anything in the ledger', 'create table ledger.planted (id int)'],
    ['change a function', 'drop function ledger.post_batch'],
    ['open a single book', 'select ledger.open_book(9)'],
    ['disable triggers for its session', 'set session_replication_role = replica'],
    ['become the owner', 'grant coffer_migrator to coffer_writer'],
    ['delete a user', 'delete from identity.users'],
    ['delete from the login log', 'delete from identity.login_log'],
    ['record a migration as applied', `insert into coffer_migration.applied values (99, 'planted', '')`],
  ])('cannot %s', async (_what, statement) => {
    await expect(writer.query(statement)).rejects.toThrow(/permission denied|must be owner|Only roles with/);
  });

  test('takes the lock of a book, which blocks others', async () => {
    await writer.query('begin');
    await writer.query('select ledger.lock_book(1)');
    await expect(database.pool.query('select from ledger.book where book = 1 for no key update nowait')).rejects.toThrow(
      'could not obtain lock',
    );
    await writer.query('rollback');
  });
});

describe('the reader', () => {
  test('sees the ledger and the views, but no passwords or logins', async () => {
    for (const view of ['ledger.entry', 'ledger.balance', 'ledger.event', 'accounts', 'wallets', 'asset_types']) {
      await reader.query(`select count(*) from ${view}`);
    }
    for (const table of ['identity.users', 'identity.login_log']) {
      await expect(reader.query(`select count(*) from ${table}`)).rejects.toThrow('permission denied');
    }
  });

  test('cannot add to the ledger', async () => {
    for (const call of ['open_books(1)', 'lock_book(1)']) {
      await expect(reader.query(`select ledger.${call}`)).rejects.toThrow('permission denied for function');
    }
  });
});

test('a table that a migration adds is closed to both roles until it is declared', async () => {
  await database.pool.query('set role coffer_migrator; create table identity.planted (secret text); reset role');
  for (const client of [writer, reader]) await expect(client.query('select from identity.planted')).rejects.toThrow('permission denied');
});
