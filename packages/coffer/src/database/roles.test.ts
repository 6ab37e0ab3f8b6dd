import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEmptyDatabase, createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { silentLog } from '../kernel/index.ts';
import { temporaryHome } from '../../../../test/support/server.ts';
import { emptyDatabase, inRole, migrate, openDatabase, removeEmbedded, startEmbedded } from './index.ts';
import type { Embedded } from './index.ts';
import { createRole } from './roles.ts';
import { withServerOptions } from './sessions.ts';

const log = silentLog();
let database: TestDatabase;
let logins: string[];

/** A separate database for each test of a group. */
function useDatabase(create: () => Promise<TestDatabase>): void {
  beforeEach(async () => {
    database = await create();
    logins = [];
  });
  afterEach(async () => {
    await database.drop();
    const admin = await connect(inDatabase(database.url, 'postgres'));
    for (const name of logins) await admin.query(`drop role if exists ${name}`);
    await admin.end();
  });
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** A login without privileges, a member of the given role; returns its URL. */
async function newLogin(memberOf?: string): Promise<string> {
  const name = `login_${randomBytes(6).toString('hex')}`;
  logins.push(name);
  await database.pool.query(`create role ${name} login password 'secret'`);
  if (memberOf) await database.pool.query(`grant ${memberOf} to ${name}`);
  const url = new URL(database.url);
  url.username = name;
  url.password = 'secret';
  return url.href;
}

async function newOwner(): Promise<string> {
  const url = await newLogin('coffer_migrator');
  await database.pool.query(`alter database ${new URL(url).pathname.slice(1)} owner to ${new URL(url).username}`);
  return url;
}

async function open(urls: { databaseUrl: string; migrationUrl?: string }, as: 'writer' | 'reader' = 'writer') {
  return await openDatabase({ ...urls, home: '/nonexistent' }, log, { as });
}

async function whoWorks(pool: pg.Pool): Promise<unknown> {
  return (await pool.query('select current_user as role')).rows[0];
}

describe('an operator’s database', () => {
  useDatabase(createEmptyDatabase);

  test('is migrated by an owner that is not a superuser, and used by a login that owns nothing', async () => {
    const [migrationUrl, databaseUrl] = [await newOwner(), await newLogin('coffer_writer')];
    const opened = await open({ databaseUrl, migrationUrl });
    expect(await whoWorks(opened.pool)).toEqual({ role: 'coffer_writer' });
    await opened.pool.query('select ledger.open_books(1)');
    await expect(opened.pool.query('delete from ledger.book')).rejects.toThrow('permission denied');
    await opened.stop();
    await database.pool.end();
    expect(await emptyDatabase(migrationUrl)).toContain('ledger');
    database.pool.end = () => Promise.resolve();
  });

  test('that is up to date is opened without its owner; an outdated one reports who must migrate it', async () => {
    const [owner, databaseUrl] = [await newOwner(), await newLogin('coffer_writer')];
    await expect(open({ databaseUrl })).rejects.toMatchObject({
      message: expect.stringContaining('may not migrate this database') as unknown,
      remedy: expect.stringContaining('COFFER_MIGRATION_URL') as unknown,
    });
    await migrate(owner, log);
    await (await open({ databaseUrl })).stop();
    await database.pool.query('update coffer_migration.definitions set checksum = $1', ['older']);
    await expect(open({ databaseUrl })).rejects.toThrow('is older than this Coffer');
  });

  test('given by one URL only, a superuser’s or the owner’s, is still used without their rights', async () => {
    const superusers = await open({ databaseUrl: database.url });
    expect(await whoWorks(superusers.pool)).toEqual({ role: 'coffer_writer' });
    await expect(superusers.pool.query('delete from ledger.book')).rejects.toThrow('permission denied');
    await superusers.stop();

    const databaseUrl = await newOwner();
    await expect(open({ databaseUrl })).rejects.toMatchObject({
      message: 'The user of DATABASE_URL may not work as coffer_writer.',
      remedy: expect.stringContaining('grant coffer_writer') as unknown,
    });
    await database.pool.query(`grant coffer_writer to ${new URL(databaseUrl).username}`);
    const owners = await open({ databaseUrl });
    await expect(owners.pool.query('delete from ledger.book')).rejects.toThrow('permission denied');
    await owners.stop();
  });
});

describe('a ledger that could be changed is refused', () => {
  useDatabase(createTestDatabase);

  test('when the writer was given the right to', async () => {
    await database.pool.query('grant delete on ledger.entry to coffer_writer');
    await expect(open({ databaseUrl: database.url })).rejects.toMatchObject({
      message: 'Coffer works as coffer_writer, which could change what ledger.entry holds.',
      remedy: expect.stringContaining('revoke insert, update, delete') as unknown,
    });
    await database.pool.query('revoke delete on ledger.entry from coffer_writer; grant update (amount) on ledger.entry to public');
    await expect(open({ databaseUrl: database.url })).rejects.toThrow('could change what ledger.entry holds');
  });

  test.each([
    ['disabled', 'alter table ledger.entry disable trigger append_only', 'not always enabled'],
    ['enabled only in ordinary sessions', 'alter table ledger.batch enable trigger append_only', 'not always enabled'],
    ['gone', 'drop trigger append_only on ledger.account', 'missing'],
  ])('when a trigger is %s, and accepted after the remedy was run', async (_how, statement, word) => {
    await database.pool.query(statement);
    const failure = await open({ databaseUrl: database.url }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining(word) as unknown });
    const { remedy } = failure as { remedy: string };
    await database.pool.query(remedy.slice(remedy.indexOf(': ') + 2));
    await (await open({ databaseUrl: database.url })).stop();
  });

  test('when triggers do not fire in its sessions', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(`alter database ${name} set session_replication_role = replica`);
    await expect(open({ databaseUrl: database.url })).rejects.toMatchObject({
      message: expect.stringContaining('session_replication_role = replica') as unknown,
      remedy: 'Run: alter database <this database> reset session_replication_role;',
    });
  });
});

describe('a server without the roles', () => {
  let server: Embedded;
  let home: string;
  let admin: pg.Client;
  let superuser: pg.Client;
  beforeAll(async () => {
    home = temporaryHome();
    server = await startEmbedded({ home, log, temporary: true });
    admin = await connect(inDatabase(server.url, 'postgres'));
    await admin.query('drop role coffer_writer_login, coffer_reader_login');
  });
  beforeEach(async () => {
    await admin.query('drop database coffer with (force)');
    await admin.query(`
      drop role if exists coffer_migrator, coffer_writer, coffer_reader, shop;
      create role shop login password 'secret'`);
    await admin.query('create database coffer owner shop');
    superuser = await connect(server.url);
  });
  afterEach(() => superuser.end());
  afterAll(async () => {
    await admin.end();
    await server.stop();
    await removeEmbedded({ home, log });
    fs.rmSync(home, { recursive: true, force: true });
  });
  const owners = () => server.url.replace(/\/\/[^@]+@/, '//shop:secret@');

  test('gets them from an owner who may create roles, whose URL alone is enough to work without the owner’s rights', async () => {
    await superuser.query('alter role shop createrole');
    const opened = await open({ databaseUrl: owners() });
    expect(await whoWorks(opened.pool)).toEqual({ role: 'coffer_writer' });
    await expect(opened.pool.query('delete from ledger.book')).rejects.toThrow('permission denied');
    await opened.stop();
    await (await open({ databaseUrl: owners() }, 'reader')).stop();
  });

  test('requests them from a superuser otherwise, and works after the remedy', async () => {
    const failure = await open({ databaseUrl: owners() }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining('has no roles coffer_migrator') as unknown });
    const { remedy } = failure as { remedy: string };
    await superuser.query(remedy.slice(remedy.indexOf(': ') + 2).replaceAll(/<[^>]+>/g, 'shop'));
    await (await open({ databaseUrl: owners() })).stop();
  });

  test('to which a database was restored gets them back, with all rights', async () => {
    await migrate(server.url, log);
    await superuser.query(`
      reassign owned by coffer_migrator to coffer; drop owned by coffer_migrator, coffer_writer, coffer_reader;
      drop role coffer_migrator, coffer_writer, coffer_reader`);
    await (await open({ databaseUrl: server.url })).stop();
    const opened = await open({ databaseUrl: server.url }, 'reader');
    await opened.pool.query('select from ledger.entry');
    await opened.stop();
  });
});

describe('a migrated database', () => {
  useDatabase(createTestDatabase);

  test('is read as a reader by a login that may only read', async () => {
    const opened = await open({ databaseUrl: await newLogin('coffer_reader') }, 'reader');
    expect(await whoWorks(opened.pool)).toEqual({ role: 'coffer_reader' });
    await opened.stop();
    await expect(open({ databaseUrl: await newLogin('coffer_writer') }, 'reader')).rejects.toThrow('may not work as coffer_reader');
  });

  test('rights that were lost with the roles come back with the next migration', async () => {
    await database.pool.query('revoke usage on schema ledger from coffer_reader');
    await database.pool.query(`update coffer_migration.definitions set checksum = 'older'`);
    expect((await migrate(database.url, log)).definitionsRenewed).toBe(true);
    const opened = await open({ databaseUrl: database.url }, 'reader');
    await opened.pool.query('select from ledger.entry');
    await opened.stop();
  });

  test('a role that several databases create at the same time is created once, without failures', async () => {
    const name = `made_${randomBytes(6).toString('hex')}`;
    logins.push(name);
    const clients = Array.from({ length: 8 }, () => new pg.Client({ connectionString: database.url }));
    await Promise.all(clients.map((client) => client.connect()));
    await Promise.all(clients.map((client) => createRole(client, name)));
    expect((await database.pool.query('select from pg_roles where rolname = $1', [name])).rowCount).toBe(1);
    await Promise.all(clients.map((client) => client.end()));
  });

  test('settings of a URL and settings of a connection are both in force', async () => {
    const url = withServerOptions(inRole(withServerOptions(database.url, '-c work_mem=5MB'), 'reader'), '-c jit=off');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(
      `select current_user as role, current_setting('work_mem') as memory, current_setting('jit') as jit`,
    );
    await client.end();
    expect(rows).toEqual([{ role: 'coffer_reader', memory: '5MB', jit: 'off' }]);
  });
});
